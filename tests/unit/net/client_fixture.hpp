#pragma once

#include <gmock/gmock.h>

#include <future>
#include <memory>
#include <string>

#include "support/fake_http_server.hpp"
#include "winnow/net/http_client.hpp"

namespace winnow::net {

// A client in a hurry and a server for it.
class ClientFixture : public testing::Test {
 protected:
  using Connection = test::FakeHttpServer::Connection;
  using Request = test::FakeHttpServer::Request;

  ClientFixture() {
    options_.refuse = nullptr;
    options_.limits = {0, std::chrono::milliseconds(0)};
    options_.retry.first_delay = std::chrono::milliseconds(5);
    options_.retry.min_pause = std::chrono::milliseconds(5);
  }

  HttpClient& client() {
    if (!client_) client_ = std::make_unique<HttpClient>(options_);
    return *client_;
  }
  [[nodiscard]] HttpRequest request(const std::string& url) const {
    HttpRequest wanted{.url = *Url::parse(url)};
    wanted.timeouts = timeouts_;
    wanted.max_bytes = max_bytes_;
    return wanted;
  }
  std::future<Result<HttpResponse>> start(const std::string& url) {
    auto promise = std::make_shared<std::promise<Result<HttpResponse>>>();
    client().submit(request(url),
                    [promise](Result<HttpResponse> result) { promise->set_value(std::move(result)); });
    return promise->get_future();
  }
  Result<HttpResponse> fetch(const std::string& url) { return start(url).get(); }
  // "" if the fetch went well.
  std::string failure_code(const std::string& url) {
    const Result<HttpResponse> result = fetch(url);
    return result ? "" : result.failure().code;
  }

  test::FakeHttpServer server_;
  HttpClientOptions options_;
  HttpTimeouts timeouts_;
  std::uint64_t max_bytes_ = 1'000'000;
  std::unique_ptr<HttpClient> client_;  // made when it is first used, after the test has set its options
};

}  // namespace winnow::net
