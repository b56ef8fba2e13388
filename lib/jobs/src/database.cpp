#include "winnow/jobs/database.hpp"

#include "statement.hpp"

namespace winnow::jobs {

bool Row::is_null(std::size_t column) const {
  return std::holds_alternative<std::monostate>(values_.at(column));
}

std::int64_t Row::integer(std::size_t column) const {
  const Value& value = values_.at(column);
  if (std::holds_alternative<std::monostate>(value)) return 0;
  return std::get<std::int64_t>(value);
}

const std::string& Row::text(std::size_t column) const {
  static const std::string empty;
  const Value& value = values_.at(column);
  if (std::holds_alternative<std::monostate>(value)) return empty;
  return std::get<std::string>(value);
}

std::string for_engine(std::string_view sql, std::string_view lock, std::string_view share) {
  std::string text(sql);
  for (const auto& [word, meaning] : {std::pair{std::string_view("{LOCK}"), lock}, {"{SHARE}", share}}) {
    for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += meaning.size()) {
      text.replace(at, word.size(), meaning);
    }
  }
  return text;
}

std::unique_ptr<Database> open_database(const std::string& where) {
  const bool postgres = where.starts_with("postgresql://") || where.starts_with("postgres://");
  std::unique_ptr<Database> database =
      postgres ? open_postgres({.connection = where}) : open_sqlite({.file = where});
  prepare_schema(*database);
  return database;
}

}  // namespace winnow::jobs
