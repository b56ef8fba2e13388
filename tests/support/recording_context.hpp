#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "winnow/core/context.hpp"

namespace winnow::test {

// A memory file to stand in for a terminal or a log: what is written to its descriptor can be read back.
class MemoryFile {
 public:
  MemoryFile();
  ~MemoryFile();
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] std::string text() const;

 private:
  int descriptor_;
};

// What a tool hands to a library. Messages can be read, and a stop can be asked for.
class RecordingContext {
 public:
  explicit RecordingContext(unsigned threads = 2);

  // NOLINTNEXTLINE(google-explicit-constructor): it stands where a Context is expected.
  operator const Context&() const { return context_; }

  void request_stop() { stop_.request_stop(); }
  // All messages so far.
  [[nodiscard]] std::string messages() const { return file_.text(); }

 private:
  MemoryFile file_;
  Terminal terminal_;
  std::shared_ptr<Logger> log_;
  std::stop_source stop_;
  Context context_;
};

}  // namespace winnow::test
