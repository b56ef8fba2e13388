#include "class_names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "winnow/core/error.hpp"

namespace winnow::dataset {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(WithClassNames, SortsClassesAndSamples) {
  const Dataset dataset = with_class_names("set", {{"b", "dog"}, {"a", "cat"}, {"c", "cat"}});
  EXPECT_EQ(dataset.root, "set");
  EXPECT_THAT(dataset.classes, ElementsAre("cat", "dog"));
  ASSERT_EQ(dataset.samples.size(), 3u);
  EXPECT_EQ(dataset.samples[0].path, "a");
  EXPECT_EQ(dataset.samples[0].label, 0);
  EXPECT_EQ(dataset.samples[1].path, "b");
  EXPECT_EQ(dataset.samples[1].label, 1);
}

TEST(WithClassNames, RefusesWhatCannotBeAFolder) {
  for (const std::string& name :
       {std::string("../up"), std::string("a/b"), std::string(".."), std::string(".hidden"), std::string(""),
        std::string("new\nline"), std::string("caf\xe9"), std::string("nul\0", 4), std::string(300, 'x')}) {
    try {
      (void)with_class_names("set", {{"1.jpg", name}});
      ADD_FAILURE() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
      EXPECT_THAT(error.what(), HasSubstr("set: 1.jpg: "));
    }
  }
}

}  // namespace
}  // namespace winnow::dataset
