#pragma once

#include <curl/curl.h>

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "winnow/net/http_message.hpp"
#include "winnow/net/s3_client.hpp"

namespace winnow::net {

// SHA-256 of no bytes at all.
inline constexpr std::string_view kSha256OfNothing =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

// What is sent: bytes in memory or a part of an open file, and their hash.
struct S3Body {
  ByteSpan memory{};
  int file = -1;
  std::uint64_t offset = 0;  // in the file
  std::uint64_t size = 0;
  std::string sha256{kSha256OfNothing};
};

struct S3Request {
  std::string method;
  std::string key{};  // empty for the bucket itself
  std::vector<std::pair<std::string, std::string>> query{};
  // "name: value" to be signed. Never two of which one's name is the other's with a '-' behind it: libcurl
  // before 8.10 would sort them wrongly.
  std::vector<std::string> headers{};
  S3Body body{};
  bool slow_answer = false;  // the service works for as long as the object is large
  // Takes the body of a 2xx answer piece by piece; without it the body is kept, up to max_bytes. What it
  // throws comes out of perform().
  std::function<void(ByteSpan)> sink{};
  // Called before the first piece of a 2xx answer.
  std::function<void(const std::vector<HttpResponse::Header>&)> on_headers{};
  std::uint64_t max_bytes = 8'000'000;
};

struct S3Answer {
  int status = 0;
  std::vector<HttpResponse::Header> headers;
  std::string body;
};

// RFC 3986: all but letters, digits, '-', '.', '_' and '~' as %XX; a slash stays where keep_slash says so.
[[nodiscard]] std::string percent_encode(std::string_view text, bool keep_slash);

// Signs and sends one request, once. Thread-safe.
class S3Transport {
 public:
  // Throws Error{kUsage | kIo}.
  S3Transport(const S3Options& options, std::stop_token stop);
  ~S3Transport();
  S3Transport(const S3Transport&) = delete;
  S3Transport& operator=(const S3Transport&) = delete;

  // Codes: "dns", "connect", "timeout", "tls", "network", "too_large". Throws Error{kCancelled}.
  [[nodiscard]] Result<S3Answer> perform(const S3Request& request);

 private:
  class Exchange;
  [[nodiscard]] std::string address(const S3Request& request) const;
  CURL* take();
  void give_back(CURL* handle);

  const S3Options& options_;
  const std::stop_token stop_;
  std::string scheme_and_host_;
  std::string base_path_;
  std::mutex mutex_;
  std::vector<CURL*> idle_;
};

}  // namespace winnow::net
