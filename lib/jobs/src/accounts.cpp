#include "winnow/jobs/accounts.hpp"

#include "winnow/core/text.hpp"
#include "winnow/jobs/mail_address.hpp"
#include "winnow/jobs/outbox.hpp"
#include "winnow/jobs/token.hpp"

namespace winnow::jobs {
namespace {

constexpr std::string_view kRegister =
    "INSERT INTO users(id,email,password,created_at,confirmed_at)"
    " VALUES($1,$2,$3,now_us(),CASE WHEN $4=1 THEN NULL ELSE now_us() END) ON CONFLICT DO NOTHING RETURNING "
    "id";
constexpr std::string_view kIdOf = "SELECT id,password FROM users WHERE email=$1";
constexpr std::string_view kSetPassword = "UPDATE users SET password=$2 WHERE id=$1";
constexpr std::string_view kFindUser = "SELECT id,email,tier,confirmed_at FROM users WHERE id=$1";

constexpr std::string_view kAdmit =
    "INSERT INTO credentials(hash,user_id,kind,name,created_at,used_at) VALUES($1,$2,$3,$4,now_us(),now_us())"
    " ON CONFLICT DO NOTHING";
constexpr std::string_view kFindCredential =
    "SELECT users.id,users.email,users.tier,users.confirmed_at,now_us()-credentials.used_at"
    " FROM credentials JOIN users ON users.id=credentials.user_id"
    " WHERE hash=$1 AND kind=$2 AND credentials.used_at>now_us()-$3 AND credentials.created_at>now_us()-$4";
constexpr std::string_view kUsed = "UPDATE credentials SET used_at=now_us() WHERE hash=$1";
constexpr std::string_view kDismiss = "DELETE FROM credentials WHERE hash=$1 RETURNING user_id";
constexpr std::string_view kTokens =
    "SELECT hash,name,created_at,used_at FROM credentials WHERE user_id=$1 AND kind='token' ORDER BY "
    "created_at";
constexpr std::string_view kRevoke =
    "DELETE FROM credentials WHERE hash=$1 AND user_id=$2 AND kind='token' RETURNING hash";
constexpr std::string_view kConfirmed =
    "UPDATE users SET confirmed_at=now_us() WHERE id=$1 AND confirmed_at IS NULL";

constexpr Microseconds kForever = std::chrono::hours(24 * 365 * 100);
constexpr Microseconds kLetterLifetime = std::chrono::hours(24);
// How exactly it is known when something was last used: not each request writes to the disk.
constexpr Microseconds kUsedWithin = std::chrono::minutes(5);

User read_user(const Row& row) {
  return {.id = row.text(0),
          .email = row.text(1),
          .premium = row.text(2) == "premium",
          .confirmed = !row.is_null(3)};
}

std::optional<User> find_credential(Database& database, const std::string& hash, const std::string& kind,
                                    Microseconds idle, Microseconds lifetime) {
  std::optional<User> user;
  bool stale = false;
  database.read([&](Transaction& transaction) {
    const Rows rows = transaction.run(
        kFindCredential, {hash, kind, std::int64_t{idle.count()}, std::int64_t{lifetime.count()}});
    if (rows.empty()) return;
    user = read_user(rows[0]);
    stale = Microseconds(rows[0].integer(4)) > kUsedWithin;
  });
  if (stale) database.write([&](Transaction& transaction) { (void)transaction.run(kUsed, {hash}); });
  return user;
}

}  // namespace

Accounts::Accounts(Database& database, AccountTerms terms) : database_(database), terms_(terms) {}

Result<std::string> Accounts::register_user(std::string_view email, std::string_view password) {
  const std::optional<std::string> address = mail_address(email);
  if (!address) return Failure{"bad_address", "That is no mail address we can write to."};
  if (const auto objection = password_objection(password)) return Failure{"bad_password", *objection};
  const std::string id = make_id();
  const std::string kept = passwords_.hash(password);
  const Token confirmation = make_token(TokenKind::kConfirmation);
  bool taken = false;
  database_.write([&](Transaction& transaction) {
    const Rows made =
        transaction.run(kRegister, {id, *address, kept, static_cast<std::int64_t>(terms_.confirm_addresses)});
    const Rows owner = transaction.run(kIdOf, {*address});
    taken = owner.empty() || owner[0].text(0) != id;
    if (made.empty() || !terms_.confirm_addresses) return;
    (void)transaction.run(kAdmit, {confirmation.hash, id, std::string("confirmation"), std::string()});
    write_letter(
        transaction,
        {.dedupe = "confirm:" + id,
         .recipient = *address,
         .subject = "Please confirm your address",
         .body = "Somebody, probably you, has registered with this address. To confirm it, "
                 "open\n\n    {URL}/confirm?token=" +
                 confirmation.text + "\n\nwithin a day. If it was not you, there is nothing to do.\n",
         .message_id = {}});
  });
  if (taken) return Failure{"taken", "There is an account with that address; sign in instead."};
  return id;
}

Result<std::string> Accounts::sign_in(std::string_view email, std::string_view password) {
  std::string id;
  std::optional<std::string> kept;
  if (const auto address = mail_address(email)) {
    database_.read([&](Transaction& transaction) {
      const Rows rows = transaction.run(kIdOf, {*address});
      if (rows.empty()) return;
      id = rows[0].text(0);
      kept = rows[0].text(1);
    });
  }
  if (!passwords_.verify(password, kept)) return Failure{"wrong", "The address or the password is wrong."};
  std::string rehashed;
  if (PasswordHasher::needs_rehash(*kept)) rehashed = passwords_.hash(password);
  const Token token = make_token(TokenKind::kSession);
  database_.write([&](Transaction& transaction) {
    if (!rehashed.empty()) (void)transaction.run(kSetPassword, {id, rehashed});
    (void)transaction.run(kAdmit, {token.hash, id, std::string("session"), std::string()});
  });
  return token.text;
}

void Accounts::sign_out(std::string_view session) {
  const auto hash = token_hash(TokenKind::kSession, session);
  if (!hash) return;
  database_.write([&](Transaction& transaction) { (void)transaction.run(kDismiss, {*hash}); });
}

std::string Accounts::renew(std::string_view session) {
  const auto hash = token_hash(TokenKind::kSession, session);
  const Token token = make_token(TokenKind::kSession);
  database_.write([&](Transaction& transaction) {
    if (!hash) return;
    const Rows old = transaction.run(kDismiss, {*hash});
    if (old.empty()) return;
    (void)transaction.run(kAdmit, {token.hash, old[0].text(0), std::string("session"), std::string()});
  });
  return token.text;
}

std::optional<Session> Accounts::find_session(std::string_view session) {
  const auto hash = token_hash(TokenKind::kSession, session);
  if (!hash) return std::nullopt;
  auto user = find_credential(database_, *hash, "session", terms_.idle, terms_.lifetime);
  if (!user) return std::nullopt;
  return Session{std::move(*user), std::string(session)};
}

std::string Accounts::create_token(const std::string& user_id, const std::string& name) {
  const Token token = make_token(TokenKind::kApiKey);
  database_.write([&](Transaction& transaction) {
    (void)transaction.run(kAdmit, {token.hash, user_id, std::string("token"), printable(name, 80)});
  });
  return token.text;
}

std::optional<User> Accounts::find_token(std::string_view token) {
  const auto hash = token_hash(TokenKind::kApiKey, token);
  if (!hash) return std::nullopt;
  return find_credential(database_, *hash, "token", kForever, kForever);
}

std::vector<AccessToken> Accounts::list_tokens(const std::string& user_id) {
  std::vector<AccessToken> tokens;
  database_.read([&](Transaction& transaction) {
    tokens.clear();
    for (const Row& row : transaction.run(kTokens, {user_id}))
      tokens.push_back({row.text(0), row.text(1), row.integer(2), row.integer(3)});
  });
  return tokens;
}

bool Accounts::revoke_token(const std::string& user_id, const std::string& id) {
  bool revoked = false;
  database_.write([&](Transaction& transaction) {
    revoked = !transaction.run(kRevoke, {id, user_id}).empty() || revoked;
  });
  return revoked;
}

bool Accounts::confirm(std::string_view token) {
  const auto hash = token_hash(TokenKind::kConfirmation, token);
  if (!hash || !find_credential(database_, *hash, "confirmation", kLetterLifetime, kLetterLifetime))
    return false;
  database_.write([&](Transaction& transaction) {
    const Rows whose = transaction.run(kDismiss, {*hash});
    if (!whose.empty()) (void)transaction.run(kConfirmed, {whose[0].text(0)});
  });
  return true;
}

std::optional<User> Accounts::find_user(const std::string& id) {
  std::optional<User> user;
  database_.read([&](Transaction& transaction) {
    const Rows rows = transaction.run(kFindUser, {id});
    if (!rows.empty()) user = read_user(rows[0]);
  });
  return user;
}

}  // namespace winnow::jobs
