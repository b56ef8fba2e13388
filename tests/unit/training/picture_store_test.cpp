#include "picture_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support/photo.hpp"
#include "support/recording_context.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/file.hpp"
#include "winnow/image/encode.hpp"

namespace winnow::training {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PictureStoreTest : public testing::Test {
 protected:
  void add(const std::string& content) {
    const std::string name = std::to_string(data_.samples.size()) + ".jpg";
    folder_.write("set/" + name, content);
    data_.samples.push_back({.path = name, .label = static_cast<int>(data_.samples.size()) % 2});
  }
  void add_photos(int count) {
    for (int i = 0; i < count; ++i) {
      add(std::string(as_text(image::encode_jpeg(test::draw_photo(data_.samples.size() + 1, 60, 40)))));
    }
  }
  PictureStore load(const std::vector<std::size_t>& samples, const PictureStoreOptions& options = {}) {
    data_.root = folder_ / "set";
    return {data_, samples, kRule, options, context_};
  }
  std::string error_of(const std::vector<std::size_t>& samples, const PictureStoreOptions& options) {
    try {
      load(samples, options);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  std::vector<std::uint8_t> pixels_of(std::size_t sample) {
    std::vector<std::uint8_t> pixels(image::output_bytes(kRule));
    const Bytes bytes = read_file(folder_ / "set" / data_.samples[sample].path);
    EXPECT_TRUE(image::decode_and_preprocess(bytes, kRule, pixels));
    return pixels;
  }

  static constexpr image::Preprocessing kRule{.size = 24, .crop_fraction = 1};
  test::TemporaryFolder folder_;
  test::RecordingContext context_{2};
  dataset::Dataset data_;
};

TEST_F(PictureStoreTest, HoldsThePixelsThatPreprocessingGivesInTheOrderAskedFor) {
  add_photos(40);
  const std::vector<std::size_t> chosen{3, 1, 39, 20};
  const PictureStore store = load(chosen);
  EXPECT_EQ(store.side(), 24);
  EXPECT_EQ(store.count(), 4u);
  EXPECT_EQ(store.samples(), chosen);
  EXPECT_THAT(store.labels(), ElementsAre(1, 1, 1, 0));
  EXPECT_TRUE(store.in_memory());
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    EXPECT_TRUE(std::ranges::equal(store.picture(i), pixels_of(chosen[i]))) << i;
  }
  EXPECT_EQ(store.pictures(1, 3).data(), store.picture(1).data());
  EXPECT_EQ(store.pictures(1, 3).size(), 3 * store.picture_bytes());
}

TEST_F(PictureStoreTest, LeavesOutAndListsWhatCannotBeRead) {
  add("<html>not found</html>");
  add_photos(2);
  add("");
  add_photos(1);
  data_.samples.push_back({.path = "gone.jpg", .label = 1});
  const PictureStore store = load({0, 1, 2, 3, 4, 5});
  EXPECT_THAT(store.samples(), ElementsAre(1, 2, 4));
  EXPECT_THAT(store.labels(), ElementsAre(1, 0, 0));
  EXPECT_TRUE(std::ranges::equal(store.picture(2), pixels_of(4)));
  std::vector<std::string> skipped;
  for (const SkippedImage& image : store.skipped()) skipped.push_back(image.path + " " + image.failure.code);
  EXPECT_THAT(skipped, ElementsAre("0.jpg not_an_image", "3.jpg empty", "gone.jpg missing"));
}

TEST_F(PictureStoreTest, GoesToAFileWithoutANameWhenMemoryIsShort) {
  add_photos(5);
  folder_.write("scratch/here", "");
  const PictureStore store = load({0, 1, 2, 3, 4}, {.memory = 1000, .folder = folder_ / "scratch"});
  EXPECT_FALSE(store.in_memory());
  for (std::size_t i = 0; i < 5; ++i) EXPECT_TRUE(std::ranges::equal(store.picture(i), pixels_of(i))) << i;
  EXPECT_THAT(test::list_files(folder_ / "scratch"), ElementsAre("here"));
}

TEST_F(PictureStoreTest, SaysWhatItWouldTakeWhenThereIsNoRoom) {
  add_photos(2);
  const std::string missing = error_of({0, 1}, {.memory = 0, .folder = folder_ / "missing"});
  EXPECT_THAT(missing, HasSubstr((folder_ / "missing").string()));
  EXPECT_THAT(missing, HasSubstr("no room for 3.5 kB of decoded pictures (No such file or directory)"));
  // No disk of a machine that runs tests has room for this; the samples are never looked at.
  data_.samples.resize(2);
  const std::vector<std::size_t> many(3'000'000, 0);
  data_.root = folder_ / "set";
  const image::Preprocessing large{.size = 2048};
  try {
    const PictureStore store(data_, many, large, {.memory = 0, .folder = folder_.path()}, context_);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kIo);
    EXPECT_THAT(error.what(), HasSubstr("no room for 37.7 TB of decoded pictures"));
  }
  EXPECT_THAT(test::list_files(folder_ / "set"), ElementsAre("0.jpg", "1.jpg"));
  EXPECT_EQ(test::list_files(folder_.path()).size(), 2u);
}

TEST_F(PictureStoreTest, MayBeEmpty) {
  const PictureStore store = load({});
  EXPECT_EQ(store.count(), 0u);
  EXPECT_THAT(store.pictures(0, 0), IsEmpty());
}

TEST_F(PictureStoreTest, StopsWhenAsked) {
  add_photos(3);
  context_.request_stop();
  EXPECT_THAT(error_of({0, 1, 2}, {}), HasSubstr("stopped"));
}

TEST(WithMargin, KeepsWhatTheCropWouldCutOff) {
  const image::Preprocessing wide = with_margin({.size = 224, .crop_fraction = 0.875});
  EXPECT_EQ(wide.size, 256);
  EXPECT_EQ(wide.crop_fraction, 1);
  EXPECT_EQ(with_margin({.size = 32, .crop_fraction = 1}).size, 32);
}

}  // namespace
}  // namespace winnow::training
