#include "winnow/scraping/licence.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "winnow/core/text.hpp"

namespace winnow::scraping {
namespace {

constexpr std::size_t kMaxText = 2000;  // no licence has a longer name
constexpr std::string_view kProviderTerms = "provider-terms:";

constexpr std::array<std::pair<LicencePolicy, std::string_view>, 4> kPolicies = {{
    {LicencePolicy::kPublicDomain, "public-domain"},
    {LicencePolicy::kFree, "free"},
    {LicencePolicy::kNonCommercial, "noncommercial"},
    {LicencePolicy::kAny, "any"},
}};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// A dot belongs to a version, but not to a host name.
bool is_word(char c, std::string_view word) {
  return (c >= 'a' && c <= 'z') || is_digit(c) || (c == '.' && !word.empty() && is_digit(word.back()));
}

// "CC BY-SA 4.0" and ".../licenses/by-sa/4.0/" alike become cc, by, sa, 4.0.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  const auto end_word = [&] {
    while (word.ends_with('.')) word.pop_back();
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  for (const char c : to_lower(text.substr(0, kMaxText))) {
    if (is_word(c, word)) {
      word += c;
    } else {
      end_word();
    }
  }
  end_word();
  return words;
}

using Words = std::vector<std::string>;

bool has(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool has_phrase(const Words& words, std::initializer_list<std::string_view> phrase) {
  return std::search(words.begin(), words.end(), phrase.begin(), phrase.end()) != words.end();
}

bool is_version(std::string_view word) {
  return word.size() == 3 && word[0] >= '1' && word[0] <= '4' && word[1] == '.' &&
         (word[2] == '0' || word[2] == '1' || word[2] == '5');
}

bool is_cc0(const Words& words) {
  return has(words, "cc0") || has_phrase(words, {"publicdomain", "zero"}) ||
         has_phrase(words, {"cc", "zero"});
}

bool is_mark(const Words& words) {
  return has(words, "pdm") || has_phrase(words, {"publicdomain", "mark"}) ||
         has_phrase(words, {"public", "domain", "mark"});
}

bool is_public_domain(const Words& words) {
  return has(words, "pd") || has_phrase(words, {"public", "domain"}) ||
         (!words.empty() && words.front() == "publicdomain");
}

bool is_us_government(const Words& words) {
  return has(words, "usgov") || has_phrase(words, {"united", "states", "government"}) ||
         has_phrase(words, {"us", "government", "work"});
}

bool is_reserved(const Words& words) {
  return has(words, "arr") || has_phrase(words, {"all", "rights", "reserved"}) ||
         has_phrase(words, {"in", "copyright"}) || has(words, "nonfree");
}

// The conditions of Creative Commons, by their letters or written out.
struct Conditions {
  bool attribution, share_alike, non_commercial, no_derivatives;
};

Conditions conditions_of(const Words& words) {
  return {has(words, "by") || has(words, "attribution"),
          has(words, "sa") || has(words, "sharealike") || has_phrase(words, {"share", "alike"}),
          has(words, "nc") || has(words, "noncommercial") || has_phrase(words, {"non", "commercial"}),
          has(words, "nd") || has(words, "noderivs") || has(words, "noderivatives") ||
              has_phrase(words, {"no", "derivatives"}) || has_phrase(words, {"no", "derivs"})};
}

// "by" alone is also a word of English, so there has to be more that says Creative Commons.
bool is_creative_commons(const Words& words, const Conditions& conditions) {
  if (!conditions.attribution) return false;
  if (has(words, "cc") || has_phrase(words, {"creative", "commons"}) || has(words, "creativecommons")) {
    return true;
  }
  const bool only_conditions = std::all_of(words.begin(), words.end(), [](const std::string& word) {
    constexpr std::array<std::string_view, 16> kKnown = {"by",
                                                         "sa",
                                                         "nc",
                                                         "nd",
                                                         "attribution",
                                                         "sharealike",
                                                         "noncommercial",
                                                         "noderivs",
                                                         "non",
                                                         "noderivatives",
                                                         "commercial",
                                                         "no",
                                                         "share",
                                                         "alike",
                                                         "derivatives",
                                                         "generic"};
    return is_version(word) || std::find(kKnown.begin(), kKnown.end(), word) != kKnown.end();
  });
  return only_conditions;
}

Licence creative_commons(const Words& words, const Conditions& conditions) {
  std::string id = "cc-by";
  if (conditions.non_commercial) id += "-nc";
  if (conditions.no_derivatives) id += "-nd";
  if (conditions.share_alike) id += "-sa";
  const auto version = std::find_if(words.begin(), words.end(), is_version);
  if (version != words.end()) id += "-" + *version;
  return {.id = std::move(id),
          .attribution = true,
          .share_alike = conditions.share_alike,
          .non_commercial = conditions.non_commercial,
          .no_derivatives = conditions.no_derivatives,
          .open = true};
}

Licence free_of_conditions(std::string id) {
  return {.id = std::move(id), .public_domain = true, .open = true};
}

}  // namespace

std::optional<Licence> parse_licence(std::string_view text) {
  const std::string_view trimmed = trim(text);
  if (trimmed.starts_with(kProviderTerms)) return Licence{.id = std::string(trimmed.substr(0, kMaxText))};
  const Words words = words_of(trimmed);
  if (words.empty()) return std::nullopt;
  if (is_reserved(words)) return Licence{.id = "arr"};
  if (has(words, "nkcr") || has_phrase(words, {"no", "known", "copyright"})) return Licence{.id = "nkcr"};
  if (is_cc0(words)) return free_of_conditions("cc0");
  if (is_mark(words)) return free_of_conditions("pdm");
  if (is_us_government(words)) return free_of_conditions("usgov");
  const Conditions conditions = conditions_of(words);
  if (is_creative_commons(words, conditions)) return creative_commons(words, conditions);
  if (is_public_domain(words)) return free_of_conditions("pd");
  return std::nullopt;
}

std::string_view policy_name(LicencePolicy policy) {
  for (const auto& [known, name] : kPolicies) {
    if (known == policy) return name;
  }
  return "any";
}

std::optional<LicencePolicy> policy_named(std::string_view name) {
  for (const auto& [policy, known] : kPolicies) {
    if (known == name) return policy;
  }
  return std::nullopt;
}

bool allows(LicencePolicy policy, const std::optional<Licence>& licence) {
  if (policy == LicencePolicy::kAny) return true;
  if (!licence || !licence->open) return false;
  if (policy == LicencePolicy::kPublicDomain) return licence->public_domain;
  if (licence->no_derivatives) return false;
  return policy == LicencePolicy::kNonCommercial || !licence->non_commercial;
}

}  // namespace winnow::scraping
