// What a robots.txt says to one crawler. RFC 9309; Crawl-delay, which is not in it, as crawlers agree on it;
// Content-Usage by draft-ietf-aipref-attach.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace winnow::net {

// Immutable once made, and so thread-safe.
class RobotsTxt {
 public:
  static constexpr std::size_t kMaxBytes = 500 * 1024;  // what comes after is not read

  // Allows everything.
  RobotsTxt() = default;
  // Reads any bytes: lines that make no sense, as in an HTML page, are passed over. token names the crawler:
  // letters, '-' and '_'.
  RobotsTxt(std::string_view text, std::string_view token);

  // path: with its query, as sent.
  [[nodiscard]] bool allows(std::string_view path) const;
  // True if what is there may be fetched, but not to train models with.
  [[nodiscard]] bool reserves_training(std::string_view path) const;
  [[nodiscard]] std::optional<std::chrono::milliseconds> crawl_delay() const { return crawl_delay_; }
  // Roughly what it holds in memory.
  [[nodiscard]] std::size_t bytes() const;

 private:
  struct Rule {
    std::string pattern;  // in normal form; '*' is any run
    bool to_the_end = false;
    bool yes = false;
  };
  struct Groups;
  static void add_rule(std::vector<Rule>& rules, std::string_view value, bool yes);
  static void sort(std::vector<Rule>& rules);
  static bool matches(const Rule& rule, std::string_view path);
  static const Rule* first_match(const std::vector<Rule>& rules, std::string_view path);

  std::vector<Rule> access_;  // the longest first
  std::vector<Rule> usage_;
  std::optional<std::chrono::milliseconds> crawl_delay_;
};

}  // namespace winnow::net
