// What a licence allows, told from how sources write it. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace winnow::scraping {

// The questions that a training set asks of a licence.
struct Licence {
  std::string id;  // "cc-by-sa-4.0", "cc0", "pdm", "pd", "usgov", "nkcr", "arr", "provider-terms:pexels"
  bool public_domain = false;   // no rights are left, or all are waived
  bool attribution = false;     // the creator has to be named
  bool share_alike = false;     // what is made from it comes under the same licence
  bool non_commercial = false;  // not for commerce
  bool no_derivatives = false;  // not to be changed, which cropping is
  bool open = false;  // a public licence, or none needed; otherwise the rights are reserved or unclear

  friend bool operator==(const Licence&, const Licence&) = default;
};

// Reads a name ("CC BY-SA 4.0", "by-nc", "Public domain", "Attribution-ShareAlike 2.0 Generic") or an address
// ("https://creativecommons.org/licenses/by/4.0/"). Nothing if it is not known what it says. A text that
// names several licences is held to every condition in it.
[[nodiscard]] std::optional<Licence> parse_licence(std::string_view text);

// What pictures may be taken, from the narrowest to the widest.
enum class LicencePolicy {
  kPublicDomain,   // free of conditions
  kFree,           // free to use and adapt, also for commerce: the default for what searches find
  kNonCommercial,  // free to use and adapt, perhaps not for commerce
  kAny,            // also no derivatives, reserved and unknown
};

[[nodiscard]] std::string_view policy_name(LicencePolicy policy);
[[nodiscard]] std::optional<LicencePolicy> policy_named(std::string_view name);

[[nodiscard]] bool allows(LicencePolicy policy, const std::optional<Licence>& licence);

}  // namespace winnow::scraping
