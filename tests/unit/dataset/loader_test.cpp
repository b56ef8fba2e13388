#include "winnow/dataset/loader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "support/photo.hpp"
#include "support/recording_context.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/image/encode.hpp"

namespace winnow::dataset {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class LoaderTest : public testing::Test {
 protected:
  void add_picture() {
    const std::size_t number = files.size();
    files.push_back(folder.write(std::to_string(number) + ".jpg",
                                 as_text(image::encode_jpeg(test::draw_photo(number + 1, 24, 16)))));
  }
  void add_pictures(int count) {
    for (int i = 0; i < count; ++i) add_picture();
  }
  void add_file(std::string_view content) {
    files.push_back(folder.write(std::to_string(files.size()), content));
  }
  std::vector<LoadFailure> load(const std::function<void(Batch&)>& consume, std::size_t batch_size = 4) {
    return load_batches(files, preprocessing, {.batch_size = batch_size, .limits = limits}, context, consume);
  }
  // The indices of every batch, and the failures by index and code.
  std::vector<LoadFailure> load_into(std::vector<std::vector<std::size_t>>& batches,
                                     std::size_t batch_size = 4) {
    return load([&](Batch& batch) { batches.push_back(batch.indices); }, batch_size);
  }

  test::TemporaryFolder folder;
  test::RecordingContext context{2};
  image::Preprocessing preprocessing{.size = 16};
  image::DecodeOptions limits;
  std::vector<std::filesystem::path> files;
  std::vector<std::vector<std::size_t>> loaded;
};

TEST_F(LoaderTest, HandsBatchesOverInOrder) {
  add_pictures(10);
  EXPECT_THAT(load_into(loaded), IsEmpty());
  EXPECT_THAT(loaded, ElementsAre(ElementsAre(0, 1, 2, 3), ElementsAre(4, 5, 6, 7), ElementsAre(8, 9)));
}

TEST_F(LoaderTest, GivesThePixelsThatPreprocessingGives) {
  add_pictures(5);
  std::size_t seen = 0;
  const std::thread::id caller = std::this_thread::get_id();
  load([&](Batch& batch) {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    const std::size_t picture = image::output_bytes(preprocessing);
    ASSERT_EQ(batch.pixels.size(), batch.indices.size() * picture);
    for (std::size_t i = 0; i < batch.indices.size(); ++i) {
      Bytes expected(picture);
      ASSERT_TRUE(image::decode_and_preprocess(read_file(files[batch.indices[i]]), preprocessing, expected));
      EXPECT_TRUE(std::equal(expected.begin(), expected.end(),
                             batch.pixels.begin() + static_cast<std::ptrdiff_t>(i * picture)));
      ++seen;
    }
  });
  EXPECT_EQ(seen, 5u);
}

TEST_F(LoaderTest, ReportsWhatCannotBeUsedAndGoesOn) {
  add_picture();
  add_file("<html>not found</html>");
  add_picture();
  add_file("");
  files.push_back(folder / "missing.jpg");
  add_picture();
  const std::vector<LoadFailure> failures = load_into(loaded);
  EXPECT_THAT(loaded, ElementsAre(ElementsAre(0, 2), ElementsAre(5)));
  ASSERT_EQ(failures.size(), 3u);
  const std::size_t indices[] = {1, 3, 4};
  const char* codes[] = {"not_an_image", "empty", "missing"};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(failures[i].index, indices[i]);
    EXPECT_EQ(failures[i].failure.code, codes[i]);
  }
}

// The picture before which another failed must not keep any of its pixels.
TEST_F(LoaderTest, LeavesNoGapWhereAPictureFailed) {
  add_file("not a picture");
  add_picture();
  Bytes expected(image::output_bytes(preprocessing));
  ASSERT_TRUE(image::decode_and_preprocess(read_file(files[1]), preprocessing, expected));
  load([&](Batch& batch) { EXPECT_EQ(batch.pixels, expected); });
}

TEST_F(LoaderTest, PassesOverABatchThatFailedWhole) {
  for (int i = 0; i < 4; ++i) add_file("not a picture");
  add_picture();
  EXPECT_EQ(load_into(loaded).size(), 4u);
  EXPECT_THAT(loaded, ElementsAre(ElementsAre(4)));
}

TEST_F(LoaderTest, ReturnsWhenEverythingFailed) {
  for (int i = 0; i < 9; ++i) add_file("not a picture");
  EXPECT_EQ(load_into(loaded).size(), 9u);
  EXPECT_THAT(loaded, IsEmpty());
}

TEST_F(LoaderTest, HasNothingToDoWithoutFiles) {
  EXPECT_THAT(load_into(loaded), IsEmpty());
  EXPECT_THAT(loaded, IsEmpty());
}

TEST_F(LoaderTest, KeepsToItsLimits) {
  add_picture();
  limits.max_pixels = 24 * 16 - 1;
  const std::vector<LoadFailure> failures = load_into(loaded);
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_EQ(failures[0].failure.code, "too_large");
  EXPECT_EQ(load_batches(files, preprocessing, {.max_file_bytes = 10, .limits = {}}, context, [](Batch&) {})
                .at(0)
                .failure.code,
            "too_large");
}

// While the first batch is being consumed, files far behind it vanish. They must not have been read yet.
TEST_F(LoaderTest, ReadsOnlyAFewBatchesAhead) {
  constexpr std::size_t kFarBehind = 8;  // batches of one picture
  add_pictures(40);
  const std::vector<LoadFailure> failures = load(
      [&](Batch& batch) {
        if (batch.indices[0] != 0) return;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        for (std::size_t i = kFarBehind; i < files.size(); ++i) std::filesystem::remove(files[i]);
      },
      1);
  EXPECT_EQ(failures.size(), files.size() - kFarBehind);
}

TEST_F(LoaderTest, ThrowsWhatTheConsumerThrows) {
  add_pictures(20);
  EXPECT_THROW(load([](Batch&) { throw std::runtime_error("enough"); }), std::runtime_error);
}

TEST_F(LoaderTest, CanBeStopped) {
  add_pictures(20);
  int batches = 0;
  try {
    load([&](Batch&) {
      if (++batches == 2) context.request_stop();
    });
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCancelled);
  }
  EXPECT_EQ(batches, 2);
}

}  // namespace
}  // namespace winnow::dataset
