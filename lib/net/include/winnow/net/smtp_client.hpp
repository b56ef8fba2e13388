// Hands mail to a mail server: RFC 5321, over libcurl.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>

#include "winnow/core/error.hpp"

namespace winnow::net {

enum class SmtpSecurity {
  kStartTls,  // TLS from the first command that matters; a server without it is not used
  kTls,       // from the first byte ("smtps", port 465)
  kNone,      // within one machine
};

struct SmtpOptions {
  std::string host{};
  std::uint16_t port = 587;
  SmtpSecurity security = SmtpSecurity::kStartTls;
  std::string username{};                             // empty: does not sign in
  std::string password{};                             // is in no message and no log
  std::string from{};                                 // "winnow@example.org"
  std::string helo_name{};                            // what we call ourselves; empty: the host's name
  std::filesystem::path ca_file{};                    // whom to trust instead of the system's authorities
  std::chrono::milliseconds connect_timeout{30'000};  // until TLS and signing in are done
  std::chrono::seconds answer_timeout{600};  // RFC 5321 4.5.3.2.6: giving up earlier makes duplicates
};

struct Mail {
  std::string id;       // of this mail, the same at every attempt: becomes Message-ID <id@domain of from>
  std::string to;       // one address
  std::string subject;  // UTF-8
  std::string text;     // UTF-8, lines end with \n
};

enum class MailOutcome {
  kSent,      // the server has taken it on
  kTryLater,  // or it is not known: sending it again may make a duplicate, which its id shows to be one
  kRefused,   // for good
};

struct MailResult {
  MailOutcome outcome = MailOutcome::kTryLater;
  std::string reason{};  // for people; empty where it was sent
};

// Blocks. Thread-safe: each mail has a connection of its own.
class SmtpClient {
 public:
  // Throws Error{kUsage} for options that make no sense.
  explicit SmtpClient(SmtpOptions options, std::stop_token stop = {});

  // A mail that cannot be written down (a line end in a header, an address that is none) is refused. Throws
  // Error{kCancelled} after a stop was asked for, but waits 10 seconds for the answer to a mail that is sent.
  [[nodiscard]] MailResult send(const Mail& mail) const;

 private:
  SmtpOptions options_;
  std::stop_token stop_;
};

}  // namespace winnow::net
