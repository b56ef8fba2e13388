#include "winnow/net/smtp_client.hpp"

#include <curl/curl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <memory>
#include <optional>

#include "winnow/core/base64.hpp"
#include "winnow/core/json.hpp"
#include "winnow/core/text.hpp"

namespace winnow::net {
namespace {

constexpr std::size_t kMaxLine = 900;  // RFC 5322 2.1.1 allows 998
constexpr std::size_t kMaxAddress = 254;
constexpr std::chrono::seconds kPatienceAfterStop{10};

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

// What may stand between angle brackets: ASCII, and nothing that could end it.
bool is_address(std::string_view text) {
  const std::size_t at = text.find('@');
  return is_plain(text) && text.size() <= kMaxAddress && at != 0 && at != std::string_view::npos &&
         at + 1 < text.size() && text.find('@', at + 1) == std::string_view::npos &&
         text.find_first_of(" <>()[]\\,;:\"") == std::string_view::npos;
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

// RFC 2047: encoded words of at most 75 characters, none of which parts a character.
std::string header_text(std::string_view text) {
  constexpr std::size_t kBytesInWord = 42;
  if (is_plain(text) && text.size() <= kMaxLine) return std::string(text);
  std::string encoded;
  while (!text.empty()) {
    std::size_t size = std::min(kBytesInWord, text.size());
    while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
    if (!encoded.empty()) encoded += "\r\n ";
    encoded += "=?UTF-8?B?" + to_base64(as_bytes(text.substr(0, size))) + "?=";
    text.remove_prefix(size);
  }
  return encoded;
}

// As it is where it is ASCII in short lines, else in base64.
std::string text_part(std::string_view text) {
  bool plain = true;
  std::string lines;
  for (std::string_view line : split(text.ends_with('\n') ? text.substr(0, text.size() - 1) : text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    plain = plain && line.size() <= kMaxLine && std::all_of(line.begin(), line.end(), [](char c) {
              return (c >= 0x20 && c < 0x7f) || c == '\t';
            });
    lines += line;
    lines += "\r\n";
  }
  if (plain) return "Content-Transfer-Encoding: 7bit\r\n\r\n" + lines;
  constexpr std::size_t kBase64Line = 76;
  const std::string encoded = to_base64(as_bytes(lines));
  std::string part = "Content-Transfer-Encoding: base64\r\n\r\n";
  for (std::size_t i = 0; i < encoded.size(); i += kBase64Line)
    part += encoded.substr(i, kBase64Line) + "\r\n";
  return part;
}

std::string compose(const SmtpOptions& options, const Mail& mail) {
  const std::time_t now = std::time(nullptr);
  return fmt::format(
      "Date: {:%a, %d %b %Y %H:%M:%S} +0000\r\nFrom: <{}>\r\nTo: <{}>\r\nSubject: {}\r\nMessage-ID: "
      "<{}@{}>\r\n"
      "MIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\nContent-Type: text/plain; charset=utf-8\r\n{}",
      fmt::gmtime(now), options.from, mail.to, header_text(mail.subject), mail.id,
      options.from.substr(options.from.find('@') + 1), text_part(mail.text));
}

std::optional<std::string> why_not(const Mail& mail) {
  if (!is_address(mail.to)) return "\"" + printable(mail.to, 100) + "\" is no mail address";
  if (has_control_character(mail.subject)) return "the subject holds a line end or another control character";
  if (!is_utf8(mail.subject) || !is_utf8(mail.text)) return "is not UTF-8";
  if (!is_address(mail.id + "@x")) return "\"" + printable(mail.id, 100) + "\" cannot be a Message-ID";
  return std::nullopt;
}

struct Upload {
  std::string_view rest;
  bool begun = false;
  std::stop_token stop;
  std::optional<std::chrono::steady_clock::time_point> stopped_at{};

  static std::size_t read(char* data, std::size_t size, std::size_t count, void* self) {
    auto& upload = *static_cast<Upload*>(self);
    const std::size_t taken = std::min(size * count, upload.rest.size());
    std::memcpy(data, upload.rest.data(), taken);
    upload.rest.remove_prefix(taken);
    upload.begun = true;
    return taken;
  }

  static int progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    auto& upload = *static_cast<Upload*>(self);
    if (!upload.stop.stop_requested()) return 0;
    const auto now = std::chrono::steady_clock::now();
    if (!upload.stopped_at) upload.stopped_at = now;
    const bool awaits_answer = upload.begun && upload.rest.empty();
    return !awaits_answer || now > *upload.stopped_at + kPatienceAfterStop ? 1 : 0;
  }
};

MailResult judge(CURLcode code, long status, bool body_begun, const std::string& detail) {
  if (code == CURLE_OK) return {MailOutcome::kSent};
  const std::string reason =
      (status >= 400 ? fmt::format("the mail server answers {}, ", status) : "") +
      (detail.empty() ? std::string(curl_easy_strerror(code)) : printable(detail, 200));
  // Another 5xx than one for the sender, the receiver or the text is for us, and can be put right.
  const bool for_the_mail = code == CURLE_SEND_ERROR || body_begun;
  const bool signing_in = status == 530 || status == 534 || status == 535 || status == 538;
  const bool refused = status >= 500 && status <= 599 && for_the_mail && !signing_in;
  return {refused ? MailOutcome::kRefused : MailOutcome::kTryLater, reason};
}

}  // namespace

SmtpClient::SmtpClient(SmtpOptions options, std::stop_token stop)
    : options_(std::move(options)), stop_(std::move(stop)) {
  const auto is_host_name = [](std::string_view name) {
    return is_plain(name) && name.find_first_of(" /\\@?#%<>\"") == std::string_view::npos;
  };
  const auto fail = [](const std::string& what) { throw Error(ErrorKind::kUsage, "mail", what); };
  if (options_.host.empty() || !is_host_name(options_.host))
    fail("the mail server is named by a host name or address");
  if (!is_host_name(options_.helo_name)) fail("the name to greet with is a host name");
  if (!is_address(options_.from)) fail("\"" + printable(options_.from, 100) + "\" is no sender's address");
  if (options_.port == 0) fail("a mail server's port is 1 to 65535");
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (ready != CURLE_OK) throw Error(ErrorKind::kIo, "network", "libcurl cannot be set up");
}

MailResult SmtpClient::send(const Mail& mail) const {
  throw_if_stopped(stop_);
  if (const auto why = why_not(mail)) return {MailOutcome::kRefused, *why};
  const std::string text = compose(options_, mail);
  Upload upload{.rest = text, .stop = stop_};
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle(curl_easy_init(), &curl_easy_cleanup);
  if (!handle) throw std::bad_alloc();
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> to(
      curl_slist_append(nullptr, ("<" + mail.to + ">").c_str()), &curl_slist_free_all);
  std::array<char, CURL_ERROR_SIZE> error_text{};
  const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(handle.get(), option, value); };

  const bool tls = options_.security == SmtpSecurity::kTls;
  set(CURLOPT_URL,
      fmt::format("{}://{}:{}/{}", tls ? "smtps" : "smtp", options_.host, options_.port, options_.helo_name)
          .c_str());
  set(CURLOPT_USE_SSL,
      static_cast<long>(options_.security == SmtpSecurity::kNone ? CURLUSESSL_NONE : CURLUSESSL_ALL));
  if (!options_.ca_file.empty()) set(CURLOPT_CAINFO, options_.ca_file.c_str());
  if (!options_.username.empty()) {
    set(CURLOPT_USERNAME, options_.username.c_str());
    set(CURLOPT_PASSWORD, options_.password.c_str());
  }
  set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
  set(CURLOPT_SERVER_RESPONSE_TIMEOUT, static_cast<long>(options_.answer_timeout.count()));
  set(CURLOPT_ERRORBUFFER, error_text.data());
  set(CURLOPT_MAIL_FROM, ("<" + options_.from + ">").c_str());
  set(CURLOPT_MAIL_RCPT, to.get());
  set(CURLOPT_UPLOAD, 1L);
  set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(text.size()));
  set(CURLOPT_READFUNCTION, &Upload::read);
  set(CURLOPT_READDATA, static_cast<void*>(&upload));
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &Upload::progress);
  set(CURLOPT_XFERINFODATA, static_cast<void*>(&upload));

  const CURLcode code = curl_easy_perform(handle.get());
  if (code != CURLE_OK) throw_if_stopped(stop_);
  long status = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  return judge(code, status, upload.begun, error_text.data());
}

}  // namespace winnow::net
