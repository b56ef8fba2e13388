// Input: the query, the value of Content-Type, each with a line feed, and the body of POST /api/classify.
#include "classify_api.hpp"
#include "full_backend.hpp"
#include "uploads.hpp"

using namespace winnow;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::FullBackend backend;
  static const serving::ClassifyApi api(backend.get(),
                                        [](const auto&, const auto&) { return std::string(); });
  std::string_view body = fuzz::as_input(data, size);
  httpd::Request request;
  request.method = "POST";
  request.path = "/api/classify";
  request.query = fuzz::take_line(body);
  try {
    request.headers.add("Content-Type", std::string(fuzz::take_line(body)));
  } catch (const Error&) {
    return 0;  // a server does not let it that far
  }
  request.body.assign(body.begin(), body.end());
  if (serving::check_upload_type(request)) return 0;
  const auto handle = [](auto asked, auto respond) { api.handle_api(std::move(asked), std::move(respond)); };
  backend.answer(handle, std::move(request), {400, 404, 413, 415, 503});
  return 0;
}
