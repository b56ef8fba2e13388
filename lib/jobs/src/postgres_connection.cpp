#include "postgres_connection.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <array>
#include <charconv>

#include "winnow/core/text.hpp"

namespace winnow::jobs {
namespace {

constexpr Oid kBoolean = 16;
constexpr Oid kBigint = 20;
constexpr Oid kSmallint = 21;
constexpr Oid kInteger = 23;
constexpr Oid kNumeric = 1700;  // what sum(bigint) is

bool is_whole_number(Oid type) {
  return type == kBigint || type == kInteger || type == kSmallint || type == kNumeric;
}

std::int64_t to_integer(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// The server's message is several lines; the first says what.
std::string first_line(std::string_view message) {
  return printable(trim(message.substr(0, message.find('\n'))));
}

}  // namespace

PostgresConnection::PostgresConnection(const std::string& connection) {
  // What the operator's connection string says comes last, and counts.
  const std::array keywords = {"connect_timeout",
                               "keepalives_idle",
                               "application_name",
                               "options",
                               "client_encoding",
                               "dbname",
                               static_cast<const char*>(nullptr)};
  const std::array values = {"5",
                             "30",
                             "winnow",
                             "-c synchronous_commit=on -c idle_in_transaction_session_timeout=30000 "
                             "-c statement_timeout=30000 -c client_min_messages=warning",
                             "UTF8",
                             connection.c_str(),
                             static_cast<const char*>(nullptr)};
  connection_.reset(PQconnectdbParams(keywords.data(), values.data(), 1));
  if (PQstatus(connection_.get()) != CONNECTION_OK) {
    throw ConnectionLost(first_line(PQerrorMessage(connection_.get())));
  }
  // It would write what a server says by the way to stderr.
  PQsetNoticeProcessor(
      connection_.get(), [](void*, const char*) {}, nullptr);
}

Rows PostgresConnection::run(std::string_view sql, std::span<const Value> values) {
  const std::string& name = prepare(sql);
  std::vector<std::string> numbers(values.size());  // their text
  std::vector<const char*> parameters(values.size(), nullptr);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (const auto* number = std::get_if<std::int64_t>(&values[i])) {
      numbers[i] = std::to_string(*number);
      parameters[i] = numbers[i].c_str();
    } else if (const auto* text = std::get_if<std::string>(&values[i])) {
      if (text->find('\0') != std::string::npos)
        throw Error(ErrorKind::kInvalid, "database", "text with a null character cannot be kept");
      parameters[i] = text->c_str();
    }
  }
  const Answer answer = check(PQexecPrepared(connection_.get(), name.c_str(), static_cast<int>(values.size()),
                                             parameters.data(), nullptr, nullptr, 0));
  Rows rows;
  const int columns = PQnfields(answer.get());
  for (int row = 0; row < PQntuples(answer.get()); ++row) {
    std::vector<Value> found(static_cast<std::size_t>(columns));
    for (int column = 0; column < columns; ++column) {
      if (PQgetisnull(answer.get(), row, column) != 0) continue;
      const std::string_view text(PQgetvalue(answer.get(), row, column),
                                  static_cast<std::size_t>(PQgetlength(answer.get(), row, column)));
      const Oid type = PQftype(answer.get(), column);
      Value& value = found[static_cast<std::size_t>(column)];
      if (is_whole_number(type)) {
        value = to_integer(text);
      } else if (type == kBoolean) {
        value = static_cast<std::int64_t>(text == "t");
      } else {
        value = std::string(text);
      }
    }
    rows.emplace_back(std::move(found));
  }
  return rows;
}

void PostgresConnection::begin(bool read_only) {
  notify_ = false;
  check(PQexec(connection_.get(), read_only ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
                                            : "BEGIN ISOLATION LEVEL READ COMMITTED"));
}

void PostgresConnection::commit() {
  if (notify_) check(PQexec(connection_.get(), "NOTIFY winnow_jobs"));
  check(PQexec(connection_.get(), "COMMIT"));
}

bool PostgresConnection::try_rollback() noexcept {
  if (PQstatus(connection_.get()) != CONNECTION_OK) return false;
  PQclear(PQexec(connection_.get(), "ROLLBACK"));
  return PQstatus(connection_.get()) == CONNECTION_OK &&
         PQtransactionStatus(connection_.get()) == PQTRANS_IDLE;
}

void PostgresConnection::listen() {
  check(PQexec(connection_.get(), "LISTEN winnow_jobs"));
}

bool PostgresConnection::wait_notified(std::chrono::milliseconds time) {
  pollfd waiting{.fd = PQsocket(connection_.get()), .events = POLLIN, .revents = 0};
  if (poll(&waiting, 1, static_cast<int>(time.count())) <= 0) return false;
  if (PQconsumeInput(connection_.get()) == 0)
    throw ConnectionLost(first_line(PQerrorMessage(connection_.get())));
  bool notified = false;
  while (PGnotify* const one = PQnotifies(connection_.get())) {
    notified = true;
    PQfreemem(one);
  }
  return notified;
}

PostgresConnection::Answer PostgresConnection::check(PGresult* result) {
  Answer answer(result);
  const ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return answer;
  const char* const found = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const std::string state = found == nullptr ? "" : found;
  const std::string message = first_line(PQerrorMessage(connection_.get()));
  if (state == "40001" || state == "40P01") throw SerializationFailure(message);
  // 57P01 to 57P03: the server shuts down, has crashed, or only starts; 25P03: we were idle for too long.
  if (PQstatus(connection_.get()) != CONNECTION_OK || state.starts_with("08") || state.starts_with("57P") ||
      state == "25P03") {
    throw ConnectionLost(message);
  }
  const bool full = state.starts_with("53") || state.starts_with("58");
  throw Error(full ? ErrorKind::kIo : ErrorKind::kInvalid, "database", message);
}

const std::string& PostgresConnection::prepare(std::string_view sql) {
  const auto found = statements_.find(sql);
  if (found != statements_.end()) return found->second;
  const std::string name = fmt::format("s{}", statements_.size());
  const std::string text = for_engine(sql, "FOR UPDATE SKIP LOCKED", "FOR SHARE");
  check(PQprepare(connection_.get(), name.c_str(), text.c_str(), 0, nullptr));
  return statements_.emplace(std::string(sql), name).first->second;
}

}  // namespace winnow::jobs
