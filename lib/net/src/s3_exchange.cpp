#include "s3_exchange.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <random>

#include "winnow/core/text.hpp"

namespace winnow::net {
namespace {

enum class Verdict {
  kFinal,
  kTryAgain,   // was certainly not done
  kUncertain,  // may have been done
};

template <std::size_t N>
bool is_one_of(std::string_view code, const std::array<std::string_view, N>& codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

Verdict judge(const Failure& failure) {
  if (failure.code == "dns" || failure.code == "connect") return Verdict::kTryAgain;
  if (failure.code == "timeout" || failure.code == "network") return Verdict::kUncertain;
  return Verdict::kFinal;
}

Verdict judge(const S3Outcome& outcome) {
  constexpr std::array<std::string_view, 11> kPassing = {
      "SlowDown",         "ServiceUnavailable", "RequestTimeout", "RequestLimitExceeded",
      "Throttling",       "HTTP 503",           "HTTP 409",       "ConditionalRequestConflict",
      "OperationAborted", "TooManyRequests",    "HTTP 429"};
  constexpr std::array<std::string_view, 6> kOpen = {"InternalError", "HTTP 500", "HTTP 502",
                                                     "HTTP 504",      "bad_xml",  "IncompleteBody"};
  if (is_one_of(outcome.code, kPassing)) return Verdict::kTryAgain;
  if (is_one_of(outcome.code, kOpen)) return Verdict::kUncertain;
  return Verdict::kFinal;
}

// Decides by the service's word, and by the status where there is none: a service that took long to find out
// that it failed has sent a 200 before.
S3Outcome read(S3Answer answer, S3Expects expects) {
  S3Outcome outcome;
  outcome.answer = std::move(answer);
  const int status = outcome.answer.status;
  const bool success = status >= 200 && status <= 299;
  Result<XmlElement> document = parse_xml(outcome.answer.body);
  if (document && document->name == "Error") {
    outcome.code = document->value("Code");
    outcome.message = document->value("Message");
    outcome.server_time = document->value("ServerTime");
    if (outcome.code.empty()) outcome.code = "bad_xml";
  } else if (document) {
    outcome.document = std::move(*document);
  } else if (success && expects == S3Expects::kDocument) {
    outcome.code = "bad_xml";
    outcome.message = "the answer " + document.failure().message;
  }
  if (!success && outcome.code.empty()) outcome.code = fmt::format("HTTP {}", status);
  return outcome;
}

}  // namespace

S3Outcome S3Exchanger::exchange(const S3Request& request, S3Expects expects,
                                const std::function<bool()>& seen_done) {
  const auto is_done = [&] {
    try {
      return seen_done && seen_done();
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kCancelled) throw;
      return false;  // not known either
    }
  };
  S3Outcome done;
  done.seen_done = true;
  bool uncertain = false;
  std::string last;
  for (unsigned attempt = 1; attempt <= std::max(options_.attempts, 1u); ++attempt) {
    if (attempt > 1) {
      pause(attempt - 1);
      if (uncertain && is_done()) return done;
    }
    Result<S3Answer> answer = transport_.perform(request);
    Verdict verdict = Verdict::kFinal;
    if (answer) {
      S3Outcome outcome = read(std::move(*answer), expects);
      verdict = outcome.ok() ? Verdict::kFinal : judge(outcome);
      if (verdict == Verdict::kFinal) {
        // An earlier attempt may be what this one is refused for.
        if (!outcome.ok() && uncertain && is_done()) return done;
        return outcome;
      }
      last = outcome.code + (outcome.message.empty() ? "" : ", " + printable(outcome.message, 200));
    } else {
      verdict = judge(answer.failure());
      last = answer.failure().message;
      if (verdict == Verdict::kFinal) {
        const bool large = answer.failure().code == "too_large";
        throw Error(large ? ErrorKind::kInvalid : ErrorKind::kNetwork, place(request.key), last);
      }
    }
    uncertain = uncertain || verdict == Verdict::kUncertain;
  }
  if (uncertain && is_done()) return done;
  throw Error(ErrorKind::kNetwork, place(request.key),
              fmt::format("{} failed {} times, last: {}", request.method, options_.attempts, last));
}

void S3Exchanger::refuse(const std::string& key, const S3Outcome& outcome) const {
  const std::string& code = outcome.code;
  if (code == "RequestTimeTooSkewed") {
    throw S3Error(
        ErrorKind::kNetwork, place(key),
        fmt::format("the clock of this machine is more than 15 minutes away from the service's{}; set it",
                    outcome.server_time.empty() ? "" : ", which says " + printable(outcome.server_time, 40)),
        code);
  }
  constexpr std::array<std::string_view, 4> kMissing = {"NoSuchKey", "NoSuchBucket", "HTTP 404",
                                                        "NoSuchUpload"};
  constexpr std::array<std::string_view, 8> kImpossible = {
      "EntityTooLarge", "InvalidRequest", "InvalidArgument", "PreconditionFailed",
      "HTTP 412",       "EntityTooSmall", "BadDigest",       "XAmzContentSHA256Mismatch"};
  const ErrorKind kind = is_one_of(code, kMissing)      ? ErrorKind::kNotFound
                         : is_one_of(code, kImpossible) ? ErrorKind::kInvalid
                                                        : ErrorKind::kNetwork;
  std::string message = "the service answers " + printable(code, 60);
  if (!outcome.message.empty()) message += ", " + printable(outcome.message, 200);
  if (code == "SignatureDoesNotMatch" || code == "InvalidAccessKeyId" || code == "AccessDenied" ||
      code == "HTTP 403") {
    message += "; check the access key, the secret key and what they may do";
  }
  throw S3Error(kind, place(key), message, code);
}

void S3Exchanger::pause(unsigned attempt) const {
  const auto doubled = options_.first_delay * (1u << std::min(attempt - 1, 16u));
  const auto most = std::min<std::chrono::milliseconds>(doubled, options_.max_delay);
  thread_local std::minstd_rand random{std::random_device{}()};
  const auto drawn = std::chrono::milliseconds(std::uniform_int_distribution<long>(0, most.count())(random));
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any never;
  never.wait_for(lock, stop_, drawn, [] { return false; });
  throw_if_stopped(stop_);
}

}  // namespace winnow::net
