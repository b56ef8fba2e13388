// Object storage that speaks the S3 protocol: Amazon's, and the many servers that one can run oneself.
// Requests are signed by libcurl (AWS Signature Version 4) and kept to what version 7.88 signs correctly.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "winnow/core/bytes.hpp"
#include "winnow/core/error.hpp"

namespace winnow::net {

struct S3Options {
  std::string endpoint{};  // "https://s3.eu-central-1.amazonaws.com"; plain http is for one's own network
  std::string region = "us-east-1";
  std::string bucket{};
  std::string access_key{};
  std::string secret_key{};         // this and the token are in no message and no log
  std::string session_token{};      // of temporary credentials
  std::filesystem::path ca_file{};  // whom to trust instead of the system's authorities
  bool require_sha256 = false;      // refuse to read an object without x-amz-meta-sha256
  bool virtual_host = false;        // https://BUCKET.host/key instead of https://host/BUCKET/key
  std::uint64_t multipart_above = 64ull << 20;
  std::uint64_t part_bytes = 16ull << 20;  // 5 MiB or more; grows where a file has more than 10,000 parts
  unsigned attempts = 6;
  std::chrono::milliseconds first_delay{100};  // doubles; each wait is drawn between 0 and it
  std::chrono::milliseconds max_delay{20'000};
  std::chrono::milliseconds connect_timeout{3'000};
  std::chrono::seconds stalled_for{20};       // given up after so long with less than 1 KB/s
  std::chrono::seconds slow_answer_for{300};  // what copying and putting together parts may take
};

// Where an object stands between its storage classes. Classes that are read at once count as hot.
enum class S3State {
  kHot,
  kCold,     // archived: has to be restored before it can be read
  kThawing,  // restoring is under way
  kThawed,   // archived, with a copy that can be read for some days
};

struct S3Object {
  std::string key;
  std::uint64_t bytes = 0;
  std::string sha256;  // x-amz-meta-sha256; empty in lists and where another program has put it
  std::string storage_class = "STANDARD";
  S3State state = S3State::kHot;  // in lists kCold also stands for kThawing and kThawed
  std::chrono::system_clock::time_point modified;
};

// What a service refuses. code() is the service's own word ("NoSuchKey", "InvalidObjectState"), or "HTTP 403"
// where it gave none.
class S3Error : public Error {
 public:
  S3Error(ErrorKind kind, const std::string& where, const std::string& message, std::string code)
      : Error(kind, where, message), code_(std::move(code)) {}
  [[nodiscard]] const std::string& code() const noexcept { return code_; }

 private:
  std::string code_;
};

// Whether an error says that the object is archived and cannot be read or copied now.
[[nodiscard]] bool is_not_readable_now(const S3Error& error);

struct S3PutOptions {
  std::string storage_class{};  // empty: the service's own, STANDARD
  bool create_only = false;     // S3Error "PreconditionFailed" where the key is taken by something else
};

// Blocks; any number of threads may use one client, each call takes a connection of its own out of a pool.
// Keys are valid UTF-8 without control characters, "//" and dot segments (the caller sees to it).
//
// What may pass (broken connections, InternalError, SlowDown, conflicts, cut answers) is tried again with
// full jitter (Brooker 2015, "Exponential Backoff And Jitter"). Where it is not known whether a change took
// effect, the object itself is asked before and after the last attempt. Redirects are not followed.
//
// Throws S3Error for what the service refuses: kNotFound for missing keys and buckets, kInvalid for what it
// could never do, else kNetwork. Error{kNetwork} when no attempt got through, Error{kInvalid} for damaged
// content, Error{kIo} for files, Error{kCancelled} soon after a stop was asked for.
class S3Client {
 public:
  // Throws Error{kUsage} for options that make no sense.
  explicit S3Client(S3Options options, std::stop_token stop = {});
  ~S3Client();
  S3Client(const S3Client&) = delete;
  S3Client& operator=(const S3Client&) = delete;

  S3Object put(const std::string& key, ByteSpan content, const S3PutOptions& options = {});
  // Streamed; in parts above S3Options::multipart_above. A file that changes meanwhile is refused.
  S3Object put_file(const std::string& key, const std::filesystem::path& file,
                    const S3PutOptions& options = {});

  // Nothing where there is no such key.
  [[nodiscard]] std::optional<S3Object> head(const std::string& key);

  struct Content {
    S3Object object;
    Bytes bytes;
  };
  // Checked by length, and by x-amz-meta-sha256 where the object has it. Throws Error{kInvalid} beyond
  // max_bytes.
  [[nodiscard]] Content get(const std::string& key, std::uint64_t max_bytes);
  // The same into a file, which appears whole or not at all.
  S3Object get_file(const std::string& key, const std::filesystem::path& file);

  // Metadata go along. The same key twice changes the storage class in place. Up to 5 GiB. Returns the copy.
  S3Object copy(const std::string& from, const std::string& to, const std::string& storage_class = {});

  void remove(const std::string& key);  // also where there is none

  // Keys that begin with prefix and stand behind `after`, in the service's order: byte order by the
  // protocol. At most limit.
  [[nodiscard]] std::vector<S3Object> list(const std::string& prefix, const std::string& after,
                                           std::size_t limit);

  // Asks for a copy of an archived object that can be read for `days`. Under way or hot already is fine.
  // tier: "Expedited" (taken as "Standard" where there is no capacity for it), "Standard" or "Bulk".
  void restore(const std::string& key, unsigned days, const std::string& tier);

 private:
  class Session;
  std::unique_ptr<Session> session_;
};

}  // namespace winnow::net
