#include "winnow/dataset/loader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <thread>

#include "support/photo.hpp"
#include "support/recording_context.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/hash.hpp"
#include "winnow/image/encode.hpp"

namespace winnow::dataset {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class LoaderTest : public testing::Test {
 protected:
  void add_picture() {
    const std::size_t number = data.samples.size();
    add_file(as_text(image::encode_jpeg(test::draw_photo(number + 1, 24, 16))));
  }
  void add_pictures(int count) {
    for (int i = 0; i < count; ++i) add_picture();
  }
  void add_file(std::string_view content) {
    data.samples.push_back({std::to_string(data.samples.size())});
    folder.write(data.samples.back().path, content);
  }
  std::vector<LoadFailure> load(const std::function<void(Batch&)>& consume, std::size_t batch_size = 4) {
    return load_batches(data, all(), preprocessing, {.batch_size = batch_size, .limits = limits}, context,
                        consume);
  }
  [[nodiscard]] std::vector<std::size_t> all() const {
    std::vector<std::size_t> indices(data.samples.size());
    std::iota(indices.begin(), indices.end(), std::size_t{0});
    return indices;
  }
  [[nodiscard]] Bytes bytes_of(std::size_t index) const {
    return read_file(data.root / data.samples[index].path);
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
  Dataset data{folder.path(), {}, {}};
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
      ASSERT_TRUE(image::decode_and_preprocess(bytes_of(batch.indices[i]), preprocessing, expected));
      EXPECT_TRUE(std::equal(expected.begin(), expected.end(),
                             batch.pixels.begin() + static_cast<std::ptrdiff_t>(i * picture)));
      ++seen;
    }
  });
  EXPECT_EQ(seen, 5u);
}

TEST_F(LoaderTest, LoadsTheSamplesAskedForInTheirOrder) {
  add_pictures(6);
  const std::size_t chosen[] = {5, 1, 3};
  std::vector<std::size_t> seen;
  load_batches(data, chosen, preprocessing, {.batch_size = 2, .limits = {}}, context,
               [&](Batch& batch) { seen.insert(seen.end(), batch.indices.begin(), batch.indices.end()); });
  EXPECT_THAT(seen, ElementsAre(5, 1, 3));
}

TEST_F(LoaderTest, LeavesOutWhoseBytesAreKnown) {
  add_pictures(5);
  const std::string known = sha256_hex(bytes_of(1));
  std::vector<std::string> hashes;
  LoaderOptions options{.batch_size = 2, .limits = {}};
  options.wants_pixels = [&](std::size_t, const std::string& sha256) { return sha256 != known; };
  load_batches(data, all(), preprocessing, options, context, [&](Batch& batch) {
    loaded.push_back(batch.indices);
    hashes.insert(hashes.end(), batch.sha256.begin(), batch.sha256.end());
  });
  EXPECT_THAT(loaded, ElementsAre(ElementsAre(0), ElementsAre(2, 3), ElementsAre(4)));
  ASSERT_EQ(hashes.size(), 4u);
  EXPECT_EQ(hashes[1], sha256_hex(bytes_of(2)));
}

// Both from one decoding, and each as it would be alone.
TEST_F(LoaderTest, FingerprintsOnTheWay) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    add_file(as_text(image::encode_jpeg(test::draw_photo(seed, 1400, 600))));
  }
  add_file("not a picture");
  const auto expected = fingerprint(data, {}, context);
  for (const int size : {100, 224}) {
    preprocessing.size = size;
    std::vector<Fingerprint> found(4);
    LoaderOptions options;
    options.wants_pixels = [](std::size_t index, const std::string&) { return index != 0; };
    options.take_fingerprint = [&](std::size_t index, Fingerprint given) { found[index] = std::move(given); };
    const auto failures = load_batches(data, all(), preprocessing, options, context, [&](Batch& batch) {
      Bytes pixels(2 * image::output_bytes(preprocessing));
      for (const std::size_t i : {0, 1}) {
        const auto out = std::span(pixels).subspan(i * pixels.size() / 2, pixels.size() / 2);
        ASSERT_TRUE(image::decode_and_preprocess(bytes_of(i + 1), preprocessing, out));
      }
      EXPECT_EQ(batch.pixels, pixels) << size;
    });
    ASSERT_EQ(failures.size(), 1u);
    EXPECT_EQ(failures[0].index, 3u);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(found[i].sha256, expected[i]->sha256);
      EXPECT_EQ(found[i].info.width, 1400);
      EXPECT_EQ(found[i].look.upright, expected[i]->look.upright);
    }
  }
}

TEST_F(LoaderTest, ReportsWhatCannotBeUsedAndGoesOn) {
  add_picture();
  add_file("<html>not found</html>");
  add_picture();
  add_file("");
  data.samples.push_back({"missing.jpg"});
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
  ASSERT_TRUE(image::decode_and_preprocess(bytes_of(1), preprocessing, expected));
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
  const LoaderOptions options{.max_file_bytes = 10, .limits = {}};
  EXPECT_EQ(load_batches(data, all(), preprocessing, options, context, [](Batch&) {}).at(0).failure.code,
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
        for (std::size_t i = kFarBehind; i < data.samples.size(); ++i) {
          std::filesystem::remove(folder / data.samples[i].path);
        }
      },
      1);
  EXPECT_EQ(failures.size(), data.samples.size() - kFarBehind);
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
