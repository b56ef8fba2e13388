#include "winnow/core/json.hpp"

#include <fmt/format.h>

#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/text.hpp"

namespace winnow {

std::string to_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void read_json_lines(const std::filesystem::path& path,
                     const std::function<void(const Json&, std::size_t)>& row) {
  const Bytes bytes = read_file(path);
  std::string_view rest = as_text(bytes);
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) return;
    const std::string_view line = trim(rest.substr(0, end));
    rest.remove_prefix(end + 1);
    if (line.empty()) continue;
    const Json json = Json::parse(line, nullptr, false);
    if (json.is_discarded()) {
      throw Error(ErrorKind::kInvalid, fmt::format("{}:{}", path.string(), number), "not a line of JSON");
    }
    try {
      row(json, number);
    } catch (const Json::exception& error) {
      throw Error(ErrorKind::kInvalid, fmt::format("{}:{}", path.string(), number), error.what());
    }
  }
}

bool is_utf8(std::string_view text) {
  try {
    (void)Json(text).dump();
    return true;
  } catch (const Json::exception&) {
    return false;
  }
}

}  // namespace winnow
