// Input: the value of Content-Type, a line feed, the body.
#include "winnow/httpd/multipart.hpp"

#include "fuzz_target.hpp"

using namespace winnow;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view body = fuzz::as_input(data, size);
  const std::string_view type = fuzz::take_line(body);
  const httpd::MultipartLimits limits;
  const auto parts = httpd::parse_multipart(type, as_bytes(body), limits);
  if (!parts) {
    fuzz::require(!parts.failure().message.empty(), "a refusal says why");
    return 0;
  }
  fuzz::require(parts->size() <= limits.parts, "no more parts than allowed");
  const char* before = body.data();
  for (const httpd::Part& part : *parts) {
    fuzz::require(part.file_name.find_first_of("/\\") == std::string::npos, "file names have no folders");
    if (part.content.empty()) continue;
    const std::string_view content = as_text(part.content);
    fuzz::require(content.data() > before, "parts lie behind each other");
    before = content.data() + content.size();
    fuzz::require(before < body.data() + body.size(), "parts lie in the body");
  }
  return 0;
}
