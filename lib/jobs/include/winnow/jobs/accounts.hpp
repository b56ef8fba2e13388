// Users: who they are, how they prove it, and what they pay for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "winnow/core/error.hpp"
#include "winnow/jobs/database.hpp"
#include "winnow/jobs/password.hpp"
#include "winnow/jobs/queue.hpp"

namespace winnow::jobs {

struct AccountTerms {
  bool confirm_addresses = false;  // a letter is sent, and uploads wait until its link has been followed
  Microseconds idle = std::chrono::hours(24);           // a session that is not used ends
  Microseconds lifetime = std::chrono::hours(24 * 30);  // of a session, however much it is used
};

struct User {
  std::string id;
  std::string email;
  bool premium = false;
  bool confirmed = false;
};

struct Session {
  User user;
  std::string token;  // as shown: what its forms' tokens are made of
};

struct AccessToken {
  std::string id;  // not the token: that is nowhere
  std::string name;
  std::int64_t created_at = 0;
  std::int64_t used_at = 0;
};

// Passwords are kept as argon2id, all else that lets somebody in as SHA-256 of 32 random bytes. Thread-safe;
// register_user() and sign_in() take tens of milliseconds of a processor on purpose, and 64 MiB.
class Accounts {
 public:
  Accounts(Database& database, AccountTerms terms);

  // Returns the new user's id. Failure codes: "bad_address", "bad_password", "taken".
  [[nodiscard]] Result<std::string> register_user(std::string_view email, std::string_view password);

  // Returns what the browser is to show from now on. Takes the same time for a wrong password as for an
  // unknown address. Failure code: "wrong".
  [[nodiscard]] Result<std::string> sign_in(std::string_view email, std::string_view password);
  void sign_out(std::string_view session);
  // A fresh one in place of the old, after what somebody may do has changed.
  [[nodiscard]] std::string renew(std::string_view session);

  [[nodiscard]] std::optional<Session> find_session(std::string_view session);

  // What programs show. Returns the token, which is nowhere else.
  [[nodiscard]] std::string create_token(const std::string& user_id, const std::string& name);
  [[nodiscard]] std::optional<User> find_token(std::string_view token);
  [[nodiscard]] std::vector<AccessToken> list_tokens(const std::string& user_id);
  bool revoke_token(const std::string& user_id, const std::string& id);

  // Returns whether the token of a letter was good.
  bool confirm(std::string_view token);

  [[nodiscard]] std::optional<User> find_user(const std::string& id);

 private:
  Database& database_;
  const AccountTerms terms_;
  PasswordHasher passwords_;
};

}  // namespace winnow::jobs
