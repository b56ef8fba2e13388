#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "look_index.hpp"
#include "winnow/image/format.hpp"
#include "winnow/scraping/image_set.hpp"

namespace winnow::scraping {

// An address as the history and maintenance compare it: the normal form of net::Url, or the text if it has
// none.
[[nodiscard]] std::string normal_form(const std::string& url);

// What is known of addresses and pictures, from earlier runs and this one, in some 100 bytes for each.
// Not thread-safe.
class History {
 public:
  struct EarlierLabel {
    std::string label;
    std::uint64_t kept = 0;
    std::uint64_t duplicates = 0;
  };

  // by_label: the same address and the same picture under two labels are two different things. Within a label
  // they never are. same_bits: up to how many differing bits of their perceptual hashes two pictures are the
  // same; below 0, only their bytes count.
  History(bool by_label, int same_bits) : by_label_(by_label), looks_(same_bits) {}

  // Takes in a manifest. Pictures that are no longer there, or not whole, count as never fetched.
  std::vector<EarlierLabel> load(const std::filesystem::path& folder);

  enum class Visit {
    kFirst,       // never met: to be fetched
    kDone,        // fetched by an earlier run
    kAgain,       // met before in this run
    kAgainKnown,  // the same, and an earlier run has recorded it
  };
  // url: in its normal_form().
  Visit visit(std::string_view label, std::string_view url);

  struct Known {
    std::string file;
    std::string label;
    bool same_bytes;
    bool removed;  // it has been taken out of the set
  };
  // The file that holds these bytes or, for want of that, the first that looks like them; if there is none,
  // they are from now on known under this name.
  std::optional<Known> claim(const std::string& label, std::string_view sha256, image::Format format,
                             const image::PerceptualHash& look);
  // Only by the bytes.
  [[nodiscard]] std::optional<Known> find(const std::string& label, std::string_view sha256) const;

 private:
  struct Address {
    bool done = false;
    bool met = false;
    bool recorded_again = false;
  };
  struct Picture {
    std::uint64_t name;  // the 64 bits of sha256 in its file name
    std::uint32_t label;
    image::Format format;
    bool removed;
  };
  [[nodiscard]] Known known(const Picture& picture, bool same_bytes) const;
  void remember(const std::string& label, std::string_view sha256, image::Format format,
                std::optional<std::uint64_t> look, bool removed = false);
  void remember(const ManifestRow& row, image::Format format);
  [[nodiscard]] std::uint64_t address_key(std::string_view label, std::string_view url) const;
  [[nodiscard]] std::uint64_t picture_key(std::string_view label, std::string_view sha256) const;
  std::uint32_t label_number(const std::string& label);

  const bool by_label_;
  std::vector<std::string> labels_;
  std::unordered_map<std::string, std::uint32_t> label_numbers_;  // places in labels_
  std::unordered_map<std::uint64_t, Address> addresses_;
  std::vector<Picture> pictures_;
  std::unordered_map<std::uint64_t, std::uint32_t> by_bytes_;  // places in pictures_
  LookIndex looks_;                                            // the same
};

// The row of a picture that the set has already.
[[nodiscard]] ManifestRow duplicate_row(ManifestRow row, const History::Known& original);

}  // namespace winnow::scraping
