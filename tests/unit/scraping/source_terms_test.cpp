#include "winnow/scraping/source_terms.hpp"

#include <gtest/gtest.h>

#include "winnow/scraping/provider.hpp"

namespace winnow::scraping {
namespace {

TEST(SourceTerms, EverySourceHasAProvider) {
  for (const SourceTerms& source : source_terms()) {
    EXPECT_EQ(make_provider(source.name, {.key = "k"})->name(), source.name);
    EXPECT_EQ(find_source(source.name), &source);
    EXPECT_FALSE(source.why.empty());
  }
}

TEST(SourceTerms, SaysWhoForbidsTraining) {
  for (const char* name : {"pexels", "unsplash", "pixabay"}) {
    EXPECT_EQ(find_source(name)->terms, TrainingTerms::kForbiddenWithoutPermission) << name;
  }
  for (const char* name : {"commons", "openverse", "flickr"}) {
    EXPECT_EQ(find_source(name)->terms, TrainingTerms::kLicenceDependent) << name;
  }
  EXPECT_EQ(find_source("serpapi")->terms, TrainingTerms::kUnknown);
  EXPECT_EQ(terms_name(TrainingTerms::kAllowed), "allowed");
  EXPECT_EQ(terms_name(TrainingTerms::kForbiddenWithoutPermission), "forbidden_without_permission");
}

TEST(SourceTerms, KnowsWhatItDoesNotKnow) {
  EXPECT_EQ(find_source("google"), nullptr);
  EXPECT_EQ(find_source(""), nullptr);
  EXPECT_EQ(find_source("Commons"), nullptr);
}

}  // namespace
}  // namespace winnow::scraping
