#pragma once

#include <functional>
#include <optional>
#include <string>

#include "s3_transport.hpp"
#include "xml.hpp"

namespace winnow::net {

// What became of a request: the service's final word, or that its effect is seen although no answer came.
struct S3Outcome {
  bool seen_done = false;  // then there is no answer
  S3Answer answer;
  std::string code;         // of a refusal, "" for a success
  std::string message;      // the service's own words
  std::string server_time;  // of RequestTimeTooSkewed
  std::optional<XmlElement> document;

  [[nodiscard]] bool ok() const { return seen_done || code.empty(); }
};

enum class S3Expects { kAnything, kDocument };  // kDocument: a 2xx answer is XML to its end, or it is none

// Sends requests until one gets an answer that counts. Thread-safe.
class S3Exchanger {
 public:
  S3Exchanger(const S3Options& options, std::stop_token stop)
      : options_(options), stop_(stop), transport_(options, std::move(stop)) {}

  // seen_done asks the object itself, after a failure that leaves open whether the request took effect.
  // Throws Error{kNetwork} when no attempt got an answer, and Error{kCancelled}.
  [[nodiscard]] S3Outcome exchange(const S3Request& request, S3Expects expects = S3Expects::kAnything,
                                   const std::function<bool()>& seen_done = {});

  // "s3://bucket/key"
  [[nodiscard]] std::string place(const std::string& key) const {
    return "s3://" + options_.bucket + "/" + key;
  }
  // Throws what a refusal means.
  [[noreturn]] void refuse(const std::string& key, const S3Outcome& outcome) const;

 private:
  void pause(unsigned attempt) const;

  const S3Options& options_;
  const std::stop_token stop_;
  S3Transport transport_;
};

}  // namespace winnow::net
