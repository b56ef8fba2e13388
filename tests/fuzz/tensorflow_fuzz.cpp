// Input: what stands behind /v1/models/ in the path, a line feed, and the body of a POST.
#include "full_backend.hpp"
#include "tensorflow_api.hpp"

using namespace winnow;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::FullBackend backend;
  static const serving::TensorflowApi api(backend.get());
  std::string_view body = fuzz::as_input(data, size);
  httpd::Request request;
  request.path = std::string(serving::TensorflowApi::kRoot) + "/" + std::string(fuzz::take_line(body));
  request.body.assign(body.begin(), body.end());
  const auto handle = [](auto asked, auto respond) { api.handle(std::move(asked), std::move(respond)); };
  for (const char* method : {"POST", "GET"}) {
    request.method = method;
    backend.answer(handle, request, {200, 400, 404, 503});
  }
  return 0;
}
