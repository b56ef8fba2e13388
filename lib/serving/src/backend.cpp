#include "backend.hpp"

#include <charconv>

namespace winnow::serving {

std::optional<ModelChoice> choose_model(std::string name, std::string_view version, std::string label) {
  ModelChoice choice{std::move(name), std::nullopt, std::move(label)};
  if (version.empty()) return choice;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), number);
  if (error != std::errc{} || end != version.data() + version.size() || number == 0) return std::nullopt;
  choice.version = number;
  return choice;
}

}  // namespace winnow::serving
