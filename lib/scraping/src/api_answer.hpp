// Reading of JSON that may be anything: what is missing or of the wrong type reads as nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "winnow/core/error.hpp"
#include "winnow/core/json.hpp"
#include "winnow/net/http_message.hpp"

namespace winnow::scraping {

// The object that an answer is. Failure codes: "blocked" for a web page, "bad_answer" for anything else.
[[nodiscard]] Result<Json> read_api_object(const net::HttpResponse& answer);

// Text, or a number as text, on one line and no longer than `max`; else "".
[[nodiscard]] std::string text_at(const Json& object, const char* name, std::size_t max = 1000);
// An address, whole or not at all.
[[nodiscard]] std::string address_at(const Json& object, const char* name);
// A whole number, also one that is written as text.
[[nodiscard]] std::optional<std::int64_t> number_at(const Json& object, const char* name);
// An object or an array with this name, else null.
[[nodiscard]] const Json* object_at(const Json& object, const char* name);
[[nodiscard]] const Json* array_at(const Json& object, const char* name);

// "answers without \"results\"".
[[nodiscard]] Failure missing_member(std::string_view name);

// Pages that are numbered: the first is "", the second "2". At least 1.
[[nodiscard]] std::int64_t page_number(std::string_view page);

}  // namespace winnow::scraping
