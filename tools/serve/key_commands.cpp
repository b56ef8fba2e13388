#include "serve/key_commands.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ostream>

#include "winnow/serving/api_keys.hpp"

namespace winnow::tools {

bool manage_keys(const ServeOptions& options, std::ostream& out) {
  const std::filesystem::path& file = options.site.security.keys;
  if (!options.add_key.empty()) {
    out << serving::add_api_key(file, options.add_key, options.scopes, options.quota) << '\n';
    return true;
  }
  if (!options.revoke_key.empty()) {
    serving::revoke_api_key(file, options.revoke_key);
    return true;
  }
  if (!options.list_keys) return false;
  for (const serving::ApiKey& key : serving::read_api_keys(file)) {
    out << fmt::format("{}\t{}\t{}\t{}\n", key.name, fmt::join(key.scopes, ","),
                       key.quota_per_day == 0 ? "no quota" : fmt::format("{} a day", key.quota_per_day),
                       key.created);
  }
  return true;
}

}  // namespace winnow::tools
