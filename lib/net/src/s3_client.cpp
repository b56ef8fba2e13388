#include "winnow/net/s3_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "file_to_send.hpp"
#include "s3_exchange.hpp"
#include "winnow/core/atomic_file.hpp"
#include "winnow/core/base64.hpp"
#include "winnow/core/hash.hpp"
#include "winnow/core/text.hpp"

namespace winnow::net {
namespace {

constexpr std::size_t kMaxListed = 1000;  // in one answer, by the protocol
constexpr std::uint64_t kMaxParts = 10'000;
constexpr std::string_view kHashHeader = "x-amz-meta-sha256";

using Headers = std::vector<HttpResponse::Header>;
using TimePoint = std::chrono::system_clock::time_point;

bool has_to_be_restored(std::string_view storage_class) {
  return storage_class == "GLACIER" || storage_class == "DEEP_ARCHIVE";
}

std::uint64_t to_number(std::string_view digits) {
  std::uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

// "2026-11-21T12:00:00.000Z"; the epoch for anything else.
TimePoint parse_time(std::string_view text) {
  int year = 0;
  unsigned month = 0, day = 0, hours = 0, minutes = 0, seconds = 0;
  const std::string copy(text);
  if (std::sscanf(copy.c_str(), "%4d-%2u-%2uT%2u:%2u:%2u", &year, &month, &day, &hours, &minutes, &seconds) !=
      6) {
    return {};
  }
  return std::chrono::sys_days(std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day)) +
         std::chrono::hours(hours) + std::chrono::minutes(minutes) + std::chrono::seconds(seconds);
}

S3Object describe(const std::string& key, const Headers& headers) {
  S3Object object;
  object.key = key;
  object.bytes = to_number(find_header(headers, "content-length"));
  object.sha256 = find_header(headers, kHashHeader);
  if (const auto found = find_header(headers, "x-amz-storage-class"); !found.empty())
    object.storage_class = found;
  const time_t modified = curl_getdate(std::string(find_header(headers, "last-modified")).c_str(), nullptr);
  if (modified >= 0) object.modified = std::chrono::system_clock::from_time_t(modified);
  if (has_to_be_restored(object.storage_class)) {
    const std::string_view restore = find_header(headers, "x-amz-restore");
    object.state = restore.find("ongoing-request=\"true\"") != std::string_view::npos    ? S3State::kThawing
                   : restore.find("ongoing-request=\"false\"") != std::string_view::npos ? S3State::kThawed
                                                                                         : S3State::kCold;
  }
  return object;
}

std::string to_base64_digest(const std::string& hex) {
  Bytes digest;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    std::uint8_t byte = 0;
    std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    digest.push_back(byte);
  }
  return to_base64(digest);
}

std::vector<std::string> put_headers(const std::string& sha256, const S3PutOptions& options) {
  std::vector<std::string> headers{std::string(kHashHeader) + ": " + sha256};
  if (!options.storage_class.empty()) headers.push_back("x-amz-storage-class: " + options.storage_class);
  if (options.create_only) headers.emplace_back("If-None-Match: *");
  return headers;
}

}  // namespace

bool is_not_readable_now(const S3Error& error) {
  return error.code() == "InvalidObjectState" || error.code() == "ObjectNotInActiveTierError";
}

class S3Client::Session {
 public:
  Session(S3Options options, std::stop_token stop)
      : options_(check(std::move(options))), http_(options_, std::move(stop)) {}

  S3Object put(const std::string& key, S3Body body, const S3PutOptions& put_options);
  S3Object put_parts(const std::string& key, const FileToSend& file, const S3PutOptions& put_options);
  std::optional<S3Object> head(const std::string& key);
  S3Object get(S3Request request, Sha256& hash);
  S3Object copy(const std::string& from, const std::string& to, const std::string& storage_class);
  void remove(const std::string& key);
  std::vector<S3Object> list(const std::string& prefix, const std::string& after, std::size_t limit);
  void restore(const std::string& key, unsigned days, const std::string& tier);

  [[nodiscard]] const S3Options& options() const { return options_; }
  [[nodiscard]] std::string place(const std::string& key) const { return http_.place(key); }

 private:
  static S3Options check(S3Options options) {
    const auto fail = [](const char* what) { throw Error(ErrorKind::kUsage, "storage", what); };
    if (options.bucket.empty()) fail("a bucket must be named");
    if (options.bucket.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-_") != std::string::npos) {
      fail("a bucket has a name of small letters, digits, dots and hyphens");
    }
    if (options.access_key.empty() || options.secret_key.empty())
      fail("an access key and its secret key are needed");
    if (options.region.empty() || options.region.size() > 64 ||
        options.region.find(':') != std::string::npos) {
      fail("a region has 1 to 64 characters and no colon");
    }
    for (const std::string* value :
         {&options.region, &options.access_key, &options.secret_key, &options.session_token}) {
      for (const char c : *value) {
        if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f)
          fail("regions, keys and tokens have no blanks or line ends");
      }
    }
    if (options.part_bytes < 5u << 20) fail("parts of an upload have 5 MiB or more");
    return options;
  }
  // Whether an object of that content lies there already: the effect of a put that got no answer. Without a
  // class it has to be one that can be read at once, as the service's own is.
  bool holds(const std::string& key, std::uint64_t bytes, const std::string& sha256,
             const std::string& storage_class) {
    const std::optional<S3Object> found = head(key);
    return found && found->bytes == bytes && found->sha256 == sha256 &&
           (storage_class.empty() ? found->state == S3State::kHot : found->storage_class == storage_class);
  }
  S3Object require(const std::string& key) {
    std::optional<S3Object> found = head(key);
    if (!found) throw S3Error(ErrorKind::kNotFound, place(key), "is not there", "NoSuchKey");
    return std::move(*found);
  }
  void upload_parts(const std::string& key, const std::string& upload, const FileToSend& file,
                    const std::string& sha256, const S3PutOptions& put_options);

  const S3Options options_;
  S3Exchanger http_;
};

S3Object S3Client::Session::put(const std::string& key, S3Body body, const S3PutOptions& put_options) {
  S3Request request{
      .method = "PUT", .key = key, .headers = put_headers(body.sha256, put_options), .body = body};
  request.headers.push_back("x-amz-checksum-sha256: " + to_base64_digest(body.sha256));
  const S3Outcome outcome = http_.exchange(request, S3Expects::kAnything, [&] {
    return holds(key, body.size, body.sha256, put_options.storage_class);
  });
  if (!outcome.ok()) http_.refuse(key, outcome);
  S3Object object{
      .key = key, .bytes = body.size, .sha256 = body.sha256, .modified = std::chrono::system_clock::now()};
  if (!put_options.storage_class.empty()) object.storage_class = put_options.storage_class;
  if (has_to_be_restored(object.storage_class)) object.state = S3State::kCold;
  return object;
}

S3Object S3Client::Session::put_parts(const std::string& key, const FileToSend& file,
                                      const S3PutOptions& put_options) {
  const std::string sha256 = file.part(0, file.bytes()).sha256;
  std::vector<std::string> headers = put_headers(sha256, put_options);
  std::erase(headers, "If-None-Match: *");  // that is said when the parts are put together
  const S3Outcome begun = http_.exchange(
      {.method = "POST", .key = key, .query = {{"uploads", ""}}, .headers = headers}, S3Expects::kDocument);
  if (!begun.ok()) http_.refuse(key, begun);
  const std::string upload(begun.document->value("UploadId"));
  if (upload.empty())
    throw Error(ErrorKind::kNetwork, place(key), "the service begins an upload without a name for it");
  try {
    upload_parts(key, upload, file, sha256, put_options);
  } catch (...) {
    try {  // parts cost as much as objects, and nobody sees them
      (void)http_.exchange({.method = "DELETE", .key = key, .query = {{"uploadId", upload}}});
    } catch (const Error&) {  // the first error says more
    }
    throw;
  }
  S3Object object = require(key);
  if (object.bytes != file.bytes() || object.sha256 != sha256) {
    throw Error(ErrorKind::kNetwork, place(key), "holds something else than what was just put there");
  }
  return object;
}

void S3Client::Session::upload_parts(const std::string& key, const std::string& upload,
                                     const FileToSend& file, const std::string& sha256,
                                     const S3PutOptions& put_options) {
  constexpr std::uint64_t kMiB = 1 << 20;
  const std::uint64_t least = (file.bytes() / kMaxParts / kMiB + 1) * kMiB;
  const std::uint64_t part_bytes = std::max(options_.part_bytes, least);
  Sha256 whole;
  std::string document = "<CompleteMultipartUpload>";
  for (std::uint64_t offset = 0, number = 1; offset < file.bytes(); offset += part_bytes, ++number) {
    const S3Request request{.method = "PUT",
                            .key = key,
                            .query = {{"partNumber", std::to_string(number)}, {"uploadId", upload}},
                            .body = file.part(offset, std::min(part_bytes, file.bytes() - offset), &whole)};
    const S3Outcome sent = http_.exchange(request);
    if (!sent.ok()) http_.refuse(key, sent);
    document += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", number,
                            escape_xml(find_header(sent.answer.headers, "etag")));
  }
  if (whole.finish() != sha256) {
    throw Error(ErrorKind::kInvalid, place(key), "the file changed while it was sent; try again");
  }
  document += "</CompleteMultipartUpload>";
  S3Request request{.method = "POST",
                    .key = key,
                    .query = {{"uploadId", upload}},
                    .body = {as_bytes(document), -1, 0, document.size(), sha256_hex(as_bytes(document))},
                    .slow_answer = true};
  if (put_options.create_only) request.headers.emplace_back("If-None-Match: *");
  const S3Outcome outcome = http_.exchange(request, S3Expects::kDocument, [&] {
    return holds(key, file.bytes(), sha256, put_options.storage_class);
  });
  if (!outcome.ok()) http_.refuse(key, outcome);
}

std::optional<S3Object> S3Client::Session::head(const std::string& key) {
  const S3Outcome outcome = http_.exchange({.method = "HEAD", .key = key});
  if (outcome.answer.status == 404) return std::nullopt;
  if (!outcome.ok()) http_.refuse(key, outcome);
  return describe(key, outcome.answer.headers);
}

S3Object S3Client::Session::get(S3Request request, Sha256& hash) {
  const S3Outcome outcome = http_.exchange(request);
  if (!outcome.ok()) http_.refuse(request.key, outcome);
  S3Object object = describe(request.key, outcome.answer.headers);
  if (object.sha256.empty() && options_.require_sha256) {
    throw Error(ErrorKind::kInvalid, place(request.key),
                "has no x-amz-meta-sha256: was put there by another program");
  }
  if (!object.sha256.empty() && hash.finish() != object.sha256) {
    throw Error(ErrorKind::kInvalid, place(request.key),
                "is damaged: its SHA-256 is not the one it was put with");
  }
  return object;
}

S3Object S3Client::Session::copy(const std::string& from, const std::string& to,
                                 const std::string& storage_class) {
  const S3Object source = require(from);
  S3Request request{.method = "PUT",
                    .key = to,
                    .headers = {"x-amz-copy-source: /" + percent_encode(options_.bucket, false) + "/" +
                                percent_encode(from, true)},
                    .slow_answer = true};
  if (!storage_class.empty()) request.headers.push_back("x-amz-storage-class: " + storage_class);
  // In place and without a hash to compare, only another class tells the copy from what was there before.
  const auto copied = [&] {
    return holds(to, source.bytes, source.sha256, storage_class) &&
           (from != to || storage_class != source.storage_class);
  };
  const S3Outcome outcome = http_.exchange(request, S3Expects::kDocument, copied);
  if (!outcome.ok()) http_.refuse(from, outcome);
  S3Object object = require(to);
  if (object.bytes != source.bytes || object.sha256 != source.sha256) {
    throw Error(ErrorKind::kNetwork, place(to), "holds something else than the copy that was just made");
  }
  return object;
}

void S3Client::Session::remove(const std::string& key) {
  const S3Outcome outcome = http_.exchange({.method = "DELETE", .key = key});
  if (!outcome.ok() && outcome.code != "NoSuchKey") http_.refuse(key, outcome);
}

std::vector<S3Object> S3Client::Session::list(const std::string& prefix, const std::string& after,
                                              std::size_t limit) {
  std::vector<S3Object> found;
  std::string token;
  while (found.size() < limit) {
    S3Request request{.method = "GET",
                      .query = {{"list-type", "2"},
                                {"max-keys", std::to_string(std::min(limit - found.size(), kMaxListed))},
                                {"prefix", prefix}}};
    if (!token.empty()) {
      request.query.emplace_back("continuation-token", token);
    } else if (!after.empty()) {
      request.query.emplace_back("start-after", after);
    }
    const S3Outcome outcome = http_.exchange(request, S3Expects::kDocument);
    if (!outcome.ok()) http_.refuse("", outcome);
    for (const XmlElement& entry : outcome.document->children) {
      if (entry.name != "Contents") continue;
      S3Object object{.key = std::string(entry.value("Key")), .bytes = to_number(entry.value("Size"))};
      if (const auto named = entry.value("StorageClass"); !named.empty()) object.storage_class = named;
      if (has_to_be_restored(object.storage_class)) object.state = S3State::kCold;
      object.modified = parse_time(entry.value("LastModified"));
      found.push_back(std::move(object));
    }
    token = outcome.document->value("NextContinuationToken");
    if (outcome.document->value("IsTruncated") != "true" || token.empty()) break;
  }
  if (found.size() > limit) found.resize(limit);
  return found;
}

void S3Client::Session::restore(const std::string& key, unsigned days, const std::string& tier) {
  const std::string document = fmt::format(
      "<RestoreRequest "
      "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Days>{}</Days><GlacierJobParameters><Tier>{}"
      "</Tier></GlacierJobParameters></RestoreRequest>",
      days, escape_xml(tier));
  const S3Outcome outcome =
      http_.exchange({.method = "POST",
                      .key = key,
                      .query = {{"restore", ""}},
                      .body = {as_bytes(document), -1, 0, document.size(), sha256_hex(as_bytes(document))}});
  constexpr std::array<std::string_view, 3> kFine = {"RestoreAlreadyInProgress",
                                                     "ObjectAlreadyInActiveTierError", "InvalidObjectState"};
  if (outcome.ok() || std::find(kFine.begin(), kFine.end(), outcome.code) != kFine.end()) return;
  if (outcome.code == "GlacierExpeditedRetrievalNotAvailable" && tier == "Expedited")
    return restore(key, days, "Standard");
  http_.refuse(key, outcome);
}

S3Client::S3Client(S3Options options, std::stop_token stop)
    : session_(std::make_unique<Session>(std::move(options), std::move(stop))) {}
S3Client::~S3Client() = default;

S3Object S3Client::put(const std::string& key, ByteSpan content, const S3PutOptions& options) {
  return session_->put(key, {content, -1, 0, content.size(), sha256_hex(content)}, options);
}

S3Object S3Client::put_file(const std::string& key, const std::filesystem::path& path,
                            const S3PutOptions& options) {
  const FileToSend file(path);
  if (file.bytes() > session_->options().multipart_above) return session_->put_parts(key, file, options);
  return session_->put(key, file.part(0, file.bytes()), options);
}

std::optional<S3Object> S3Client::head(const std::string& key) {
  return session_->head(key);
}

S3Client::Content S3Client::get(const std::string& key, std::uint64_t max_bytes) {
  Content content;
  Sha256 hash;
  S3Request request{.method = "GET", .key = key, .max_bytes = max_bytes};
  request.on_headers = [&](const Headers&) {  // once for each attempt
    content.bytes.clear();
    hash = Sha256();
  };
  request.sink = [&](ByteSpan piece) {
    content.bytes.insert(content.bytes.end(), piece.begin(), piece.end());
    hash.update(piece);
  };
  content.object = session_->get(std::move(request), hash);
  return content;
}

S3Object S3Client::get_file(const std::string& key, const std::filesystem::path& path) {
  std::optional<AtomicFile> file;
  Sha256 hash;
  S3Request request{.method = "GET", .key = key, .max_bytes = ~0ull};
  request.on_headers = [&](const Headers&) {
    file.reset();
    file.emplace(path);
    hash = Sha256();
  };
  request.sink = [&](ByteSpan piece) {
    file->write(piece);
    hash.update(piece);
  };
  S3Object object = session_->get(std::move(request), hash);
  file->commit();
  return object;
}

std::vector<S3Object> S3Client::list(const std::string& prefix, const std::string& after, std::size_t limit) {
  return session_->list(prefix, after, limit);
}
S3Object S3Client::copy(const std::string& from, const std::string& to, const std::string& storage_class) {
  return session_->copy(from, to, storage_class);
}
void S3Client::remove(const std::string& key) {
  session_->remove(key);
}
void S3Client::restore(const std::string& key, unsigned days, const std::string& tier) {
  session_->restore(key, days, tier);
}

}  // namespace winnow::net
