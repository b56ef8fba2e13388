// The one exception type of the toolkit, and values for failures that are expected of single items.
#pragma once

#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <variant>

namespace winnow {

enum class ErrorKind {
  kUsage,        // the command line or a configuration asks for something that makes no sense
  kInvalid,      // data is damaged, of another version or of another model
  kNotFound,     // a file or model is not there
  kIo,           // reading or writing failed: no space, no permission
  kNetwork,      // a peer did not answer, or refused
  kUnsupported,  // understood, but this build or machine cannot
  kCancelled,    // stopped by a signal
};

// what() is one line for people: "where: what; what to do". Throw it where a whole run cannot go on.
class Error : public std::runtime_error {
 public:
  // where names the file, address or option at fault; message says what and, after a semicolon, what to do.
  Error(ErrorKind kind, const std::string& where, const std::string& message)
      : std::runtime_error(where.empty() ? message : where + ": " + message), kind_(kind) {}

  [[nodiscard]] ErrorKind kind() const noexcept { return kind_; }

 private:
  ErrorKind kind_;
};

// Why one item of many failed: code is a stable word for manifests and counters, message is for people.
struct Failure {
  std::string code;
  std::string message;
};

// A value or the reason why there is none. Failures of items are data: they are counted and listed.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : held_(std::move(value)) {}            // NOLINT(google-explicit-constructor)
  Result(Failure failure) : held_(std::move(failure)) {}  // NOLINT(google-explicit-constructor)

  explicit operator bool() const noexcept { return held_.index() == 0; }
  T& value() { return std::get<0>(held_); }
  const T& value() const { return std::get<0>(held_); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  const Failure& failure() const { return std::get<1>(held_); }

 private:
  std::variant<T, Failure> held_;
};

// "No space left on device" for errno values.
[[nodiscard]] std::string system_message(int error_number);

// Throws Error{kCancelled} once a stop has been asked for.
void throw_if_stopped(const std::stop_token& stop);

}  // namespace winnow
