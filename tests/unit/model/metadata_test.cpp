#include "winnow/model/metadata.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "winnow/core/error.hpp"

namespace winnow::model {
namespace {

using testing::HasSubstr;

Metadata example() {
  Metadata metadata;
  metadata.architecture = "small_resnet";
  metadata.classes = {"cat", "crème brûlée"};
  metadata.preprocessing = {.size = 96,
                            .fit = image::Fit::kSquash,
                            .crop_fraction = 0.75,
                            .mean = {10, 11, 12},
                            .scale = {20, 21, 22}};
  metadata.temperature = 1.25;
  metadata.unknown = UnknownRule{10, 0.625F};
  metadata.conformal = ConformalRule{0.9, 0.375F};
  metadata.metrics = {{"test", {{"accuracy", 0.9}}}};
  metadata.provenance = {{"command", "winnow-train"}};
  return metadata;
}

Error error_of(const Json& json) {
  try {
    (void)metadata_from_json(json);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no Error was thrown for " << json;
  return {ErrorKind::kUsage, "", ""};
}

Error error_with(const char* field, const Json& value) {
  Json json = to_json(example());
  json[field] = value;
  return error_of(json);
}

TEST(Metadata, ComesBackAsItWasWritten) {
  const Metadata written = example();
  const Metadata read = metadata_from_json(Json::parse(to_line(to_json(written))));
  EXPECT_EQ(read.architecture, written.architecture);
  EXPECT_EQ(read.classes, written.classes);
  EXPECT_EQ(read.preprocessing, written.preprocessing);
  EXPECT_EQ(read.temperature, written.temperature);
  ASSERT_TRUE(read.unknown);
  EXPECT_EQ(read.unknown->neighbours, 10);
  EXPECT_EQ(read.unknown->threshold, 0.625F);
  ASSERT_TRUE(read.conformal);
  EXPECT_EQ(read.conformal->coverage, 0.9);
  EXPECT_EQ(read.conformal->threshold, 0.375F);
  EXPECT_EQ(read.metrics, written.metrics);
  EXPECT_EQ(read.provenance, written.provenance);
}

TEST(Metadata, NeedsNoRuleForPredictionSets) {
  Metadata written = example();
  written.conformal.reset();
  EXPECT_FALSE(metadata_from_json(to_json(written)).conformal);
}

TEST(Metadata, RefusesACoverageThatIsNone) {
  for (const double coverage : {0.0, 1.0, -1.0}) {
    EXPECT_THAT(error_with("conformal", {{"coverage", coverage}, {"threshold", 0.5}}).what(),
                HasSubstr("coverage of its prediction sets is not between 0 and 1"));
  }
  EXPECT_THAT(error_with("conformal", {{"coverage", 0.9}}).what(), HasSubstr("metadata is damaged"));
}

TEST(Metadata, NeedsNoRuleForTheUnknown) {
  Metadata written = example();
  written.unknown.reset();
  EXPECT_FALSE(metadata_from_json(to_json(written)).unknown);
}

TEST(Metadata, NeedsNeitherMetricsNorProvenance) {
  Json json = to_json(example());
  json.erase("metrics");
  json.erase("provenance");
  EXPECT_EQ(metadata_from_json(json).metrics, Json::object());
  EXPECT_EQ(metadata_from_json(json).provenance, Json::object());
}

TEST(Metadata, IgnoresFieldsOfLaterDays) {
  Json json = to_json(example());
  json["sharpness"] = 3;
  EXPECT_NO_THROW((void)metadata_from_json(json));
}

TEST(Metadata, RefusesNewerFormats) {
  const Error error = error_with("format", Metadata::kFormatVersion + 1);
  EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
  EXPECT_THAT(error.what(), HasSubstr("use a newer winnow"));
}

// A newer format may have dropped any of the other fields.
TEST(Metadata, LooksAtTheFormatFirst) {
  EXPECT_EQ(error_of({{"format", 99}}).kind(), ErrorKind::kUnsupported);
}

TEST(Metadata, NeedsItsFields) {
  for (const char* field : {"format", "architecture", "classes", "preprocessing", "temperature"}) {
    Json json = to_json(example());
    json.erase(field);
    EXPECT_EQ(error_of(json).kind(), ErrorKind::kInvalid) << field;
  }
}

TEST(Metadata, RefusesFieldsOfAnotherType) {
  EXPECT_EQ(error_with("format", "1").kind(), ErrorKind::kInvalid);
  EXPECT_EQ(error_with("architecture", 7).kind(), ErrorKind::kInvalid);
  EXPECT_EQ(error_with("classes", "cat").kind(), ErrorKind::kInvalid);
  EXPECT_EQ(error_with("classes", {1, 2}).kind(), ErrorKind::kInvalid);
  EXPECT_EQ(error_with("preprocessing", 224).kind(), ErrorKind::kInvalid);
  EXPECT_EQ(error_with("preprocessing", Json::object()).kind(), ErrorKind::kInvalid);
  EXPECT_EQ(error_with("temperature", "warm").kind(), ErrorKind::kInvalid);
}

TEST(Metadata, NeedsTwoDifferentClasses) {
  for (const Json& classes : {Json::array(), Json::array({"cat"}), Json::array({"cat", "cat"}),
                              Json::array({"cat", "dog", "cat"})}) {
    const Error error = error_with("classes", classes);
    EXPECT_EQ(error.kind(), ErrorKind::kInvalid) << classes;
    EXPECT_THAT(error.what(), HasSubstr("two or more different classes"));
  }
}

TEST(Metadata, NeedsATemperatureAboveZero) {
  for (const Json& temperature : {Json(0), Json(-1), Json(nullptr)}) {
    EXPECT_EQ(error_with("temperature", temperature).kind(), ErrorKind::kInvalid) << temperature;
  }
}

TEST(Metadata, NeedsAWholeRuleForTheUnknown) {
  for (const Json& rule :
       {Json(nullptr), Json(3), Json::object(), Json{{"neighbours", 3}}, Json{{"threshold", 0.5}},
        Json{{"neighbours", "3"}, {"threshold", 0.5}}, Json{{"neighbours", 0}, {"threshold", 0.5}},
        Json{{"neighbours", -2}, {"threshold", 0.5}}, Json{{"neighbours", 3}, {"threshold", nullptr}}}) {
    EXPECT_EQ(error_with("unknown", rule).kind(), ErrorKind::kInvalid) << rule;
  }
}

TEST(Metadata, MustBeAnObject) {
  for (const Json& json : {Json(), Json::array(), Json(7), Json("text"), Json::parse("{", nullptr, false)}) {
    try {
      (void)metadata_from_json(json);
      ADD_FAILURE() << "no Error was thrown";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
    }
  }
}

}  // namespace
}  // namespace winnow::model
