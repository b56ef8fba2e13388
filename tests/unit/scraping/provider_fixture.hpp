#pragma once

#include <string>
#include <utility>
#include <vector>

#include "winnow/scraping/provider.hpp"

namespace winnow::scraping {

// An answer as the client would hand it over.
inline net::HttpResponse answer_of(std::string_view body, std::vector<net::HttpResponse::Header> headers = {},
                                   int status = 200) {
  const ByteSpan bytes = as_bytes(body);
  return {.status = status,
          .url = *net::Url::parse("http://api.example.org/"),
          .headers = std::move(headers),
          .body = Bytes(bytes.begin(), bytes.end()),
          .memory_lease = nullptr};
}

// The code of the failure, or "".
inline std::string code_of(const Provider& provider, std::string_view body, std::string_view page = "") {
  const Result<SearchPage> read = provider.read(answer_of(body), page);
  return read ? "" : read.failure().code;
}

// What no API promises, and servers send nevertheless: each has to be a failure, never a crash.
inline const std::vector<std::pair<std::string, std::string>>& answers_that_are_none() {
  static const std::vector<std::pair<std::string, std::string>> answers = {
      {"", "bad_answer"},
      {"{", "bad_answer"},
      {"null", "bad_answer"},
      {"[]", "bad_answer"},
      {"5", "bad_answer"},
      {"\"text\"", "bad_answer"},
      {"{}", "bad_answer"},
      {"\xff\xfe{}", "bad_answer"},
      {"{\"a\":\"\xff\"}", "bad_answer"},
      {"[ERROR 400] \"page\" is out of valid range.", "bad_answer"},
      {std::string(200'000, '['), "bad_answer"},
      {"<html><body>Attention Required! | Cloudflare</body></html>", "blocked"},
      {" \r\n<!DOCTYPE html>", "blocked"},
  };
  return answers;
}

}  // namespace winnow::scraping
