#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "winnow/image/format.hpp"
#include "winnow/scraping/image_set.hpp"

namespace winnow::scraping {

// What is known of addresses and pictures, from earlier runs and this one, in some 50 bytes for each.
// Not thread-safe.
class History {
 public:
  struct EarlierLabel {
    std::string label;
    std::uint64_t kept = 0;
    std::uint64_t duplicates = 0;
  };

  // by_label: the same address and the same bytes under two labels are two different things. Within a label
  // they never are.
  explicit History(bool by_label) : by_label_(by_label) {}

  // Takes in a manifest. Pictures that are no longer there, or not whole, count as never fetched.
  std::vector<EarlierLabel> load(const std::filesystem::path& folder);

  enum class Visit {
    kFirst,       // never met: to be fetched
    kDone,        // fetched by an earlier run
    kAgain,       // met before in this run
    kAgainKnown,  // the same, and an earlier run has recorded it
  };
  // url: in the normal form of net::Url if it has one.
  Visit visit(std::string_view label, std::string_view url);

  // The file that holds these bytes, if one is known; otherwise they are from now on known under this name.
  std::optional<std::string> claim(const std::string& label, std::string_view sha256, image::Format format);
  [[nodiscard]] std::optional<std::string> find(const std::string& label, std::string_view sha256) const;

 private:
  struct Address {
    bool done = false;
    bool met = false;
    bool recorded_again = false;
  };
  struct Picture {
    std::uint32_t label;
    image::Format format;
  };
  [[nodiscard]] std::uint64_t address_key(std::string_view label, std::string_view url) const;
  [[nodiscard]] std::uint64_t picture_key(std::string_view label, std::string_view sha256) const;
  std::uint32_t label_number(const std::string& label);

  const bool by_label_;
  std::vector<std::string> labels_;
  std::unordered_map<std::string, std::uint32_t> label_numbers_;  // places in labels_
  std::unordered_map<std::uint64_t, Address> addresses_;
  std::unordered_map<std::uint64_t, Picture> pictures_;
};

}  // namespace winnow::scraping
