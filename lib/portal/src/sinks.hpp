// Where the bodies of requests go.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "spool.hpp"
#include "winnow/httpd/message.hpp"

namespace winnow::portal {

// A form, in memory.
class FormSink final : public httpd::BodySink {
 public:
  explicit FormSink(std::uint64_t max_bytes) : max_bytes_(max_bytes) {}

  [[nodiscard]] std::uint64_t max_bytes() const override { return max_bytes_; }
  [[nodiscard]] std::chrono::milliseconds max_time() const override { return std::chrono::seconds(30); }
  std::optional<httpd::Problem> take(ByteSpan piece) override;

  [[nodiscard]] std::string_view text() const { return text_; }

 private:
  const std::uint64_t max_bytes_;
  std::string text_;
};

// An upload, on its way into the spool. Whose it is, and so how large it may be, is found out meanwhile.
class UploadSink final : public httpd::BodySink {
 public:
  using TooLarge = std::function<httpd::Problem(std::uint64_t limit)>;

  // most: what anybody may send. claimed: the request's Content-Length, or 0. counter: of uploads being
  // received; one less when this one is over.
  UploadSink(std::unique_ptr<SpoolFile> file, std::uint64_t most, std::uint64_t claimed,
             std::chrono::milliseconds max_time, TooLarge too_large, std::atomic<std::size_t>& counter);
  ~UploadSink() override;
  UploadSink(const UploadSink&) = delete;
  UploadSink& operator=(const UploadSink&) = delete;

  // From any thread: the sender may send that much, or nothing at all.
  void allow(std::uint64_t limit);
  void refuse(httpd::Problem problem);

  [[nodiscard]] std::uint64_t max_bytes() const override { return most_; }
  [[nodiscard]] std::chrono::milliseconds max_time() const override { return max_time_; }
  std::optional<httpd::Problem> take(ByteSpan piece) override;
  [[nodiscard]] std::optional<httpd::Problem> too_large() const override { return too_large_(most_); }

  [[nodiscard]] const SpoolFile& file() const { return *file_; }

 private:
  const std::unique_ptr<SpoolFile> file_;
  const std::uint64_t most_;
  const std::uint64_t claimed_;
  const std::chrono::milliseconds max_time_;
  const TooLarge too_large_;
  std::atomic<std::size_t>& counter_;
  std::mutex mutex_;  // for the next two
  std::uint64_t limit_;
  std::optional<httpd::Problem> refusal_;
};

}  // namespace winnow::portal
