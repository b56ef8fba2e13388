#include "winnow/scraping/licence.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace winnow::scraping {
namespace {

std::string id_of(std::string_view text) {
  const std::optional<Licence> licence = parse_licence(text);
  return licence ? licence->id : "unknown";
}

TEST(Licence, ReadsNamesAndAddresses) {
  const std::vector<std::pair<std::string, std::string>> known = {
      {"CC BY-SA 4.0", "cc-by-sa-4.0"},
      {"cc-by-sa-2.0", "cc-by-sa-2.0"},
      {"by-nc", "cc-by-nc"},
      {"BY 2.0", "cc-by-2.0"},
      {"https://creativecommons.org/licenses/by/4.0/", "cc-by-4.0"},
      {"https://creativecommons.org/licenses/by/4.0/deed.de", "cc-by-4.0"},
      {"//creativecommons.org/licenses/by-nc-nd/2.5", "cc-by-nc-nd-2.5"},
      {"Creative Commons Attribution-ShareAlike 3.0 Unported", "cc-by-sa-3.0"},
      {"Attribution-NonCommercial 2.0 Generic", "cc-by-nc-2.0"},
      {"CC BY-SA 2.0 de", "cc-by-sa-2.0"},
      {"CC0", "cc0"},
      {"CC0 1.0", "cc0"},
      {"http://creativecommons.org/publicdomain/zero/1.0/deed.en", "cc0"},
      {"Public Domain Mark", "pdm"},
      {"https://creativecommons.org/publicdomain/mark/1.0/", "pdm"},
      {"pdm", "pdm"},
      {"Public domain", "pd"},
      {"pd", "pd"},
      {"PD-old-100", "pd"},
      {"United States Government Work", "usgov"},
      {"No known copyright restrictions", "nkcr"},
      {"All rights reserved", "arr"},
      {"\xc2\xa9 Ann, all rights reserved", "arr"},
      {"provider-terms:pexels", "provider-terms:pexels"},
  };
  for (const auto& [text, id] : known) EXPECT_EQ(id_of(text), id) << text;
}

TEST(Licence, KnowsWhatItDoesNotKnow) {
  for (const char* text : {"", "  ", "?", "photo by Ann", "MIT", "free", "GFDL", "FAL", "http://", "4.0",
                           "NC", "\xff\xfe", "{}", "null", "sa"}) {
    EXPECT_EQ(id_of(text), "unknown") << text;
  }
  EXPECT_EQ(id_of("by"), "cc-by");  // Openverse's name for it
  EXPECT_EQ(id_of(std::string(1'000'000, 'x')), "unknown");
}

TEST(Licence, SaysWhatIsAllowed) {
  const Licence licence = *parse_licence("CC BY-NC-ND 4.0");
  EXPECT_TRUE(licence.open && licence.attribution && licence.non_commercial && licence.no_derivatives);
  EXPECT_FALSE(licence.share_alike || licence.public_domain);
  EXPECT_TRUE(parse_licence("CC BY-SA 4.0")->share_alike);
  EXPECT_TRUE(parse_licence("CC0")->public_domain);
  EXPECT_FALSE(parse_licence("CC0")->attribution);
}

TEST(Licence, PoliciesWidenStepByStep) {
  // The first policy that lets it through.
  const std::vector<std::pair<std::string, LicencePolicy>> first = {
      {"CC0", LicencePolicy::kPublicDomain},
      {"Public domain", LicencePolicy::kPublicDomain},
      {"usgov", LicencePolicy::kPublicDomain},
      {"CC BY 4.0", LicencePolicy::kFree},
      {"CC BY-SA 4.0", LicencePolicy::kFree},
      {"CC BY-NC 4.0", LicencePolicy::kNonCommercial},
      {"CC BY-NC-SA 4.0", LicencePolicy::kNonCommercial},
      {"CC BY-ND 4.0", LicencePolicy::kAny},
      {"CC BY-NC-ND 4.0", LicencePolicy::kAny},
      {"No known copyright restrictions", LicencePolicy::kAny},
      {"All rights reserved", LicencePolicy::kAny},
      {"provider-terms:pexels", LicencePolicy::kAny},
      {"who knows", LicencePolicy::kAny},
      {"", LicencePolicy::kAny},
  };
  for (const auto& [text, widest] : first) {
    for (const LicencePolicy policy : {LicencePolicy::kPublicDomain, LicencePolicy::kFree,
                                       LicencePolicy::kNonCommercial, LicencePolicy::kAny}) {
      EXPECT_EQ(allows(policy, parse_licence(text)), policy >= widest) << text << " " << policy_name(policy);
    }
  }
}

TEST(Licence, PoliciesHaveNames) {
  for (const LicencePolicy policy : {LicencePolicy::kPublicDomain, LicencePolicy::kFree,
                                     LicencePolicy::kNonCommercial, LicencePolicy::kAny}) {
    EXPECT_EQ(policy_named(policy_name(policy)), policy);
  }
  EXPECT_EQ(policy_named("Free"), std::nullopt);
  EXPECT_EQ(policy_named(""), std::nullopt);
}

}  // namespace
}  // namespace winnow::scraping
