#include "idx_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/random.hpp"
#include "winnow/image/decode.hpp"

namespace winnow::dataset {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string big32(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

// Pictures of 5 x 3 pixels: level 10 * number + position.
std::string images(std::uint32_t count) {
  std::string bytes = big32(0x803) + big32(count) + big32(3) + big32(5);
  for (std::uint32_t i = 0; i < count; ++i) {
    for (std::uint32_t p = 0; p < 15; ++p) bytes += static_cast<char>(10 * i + p);
  }
  return bytes;
}

std::string labels(const std::string& values) {
  return big32(0x801) + big32(static_cast<std::uint32_t>(values.size())) + values;
}

class IdxFilesTest : public testing::Test {
 protected:
  IdxFilesTest() {
    folder_.write("train-images-idx3-ubyte", images(3));
    folder_.write("train-labels-idx1-ubyte", labels({7, 0, 7}));
  }
  [[nodiscard]] Dataset open() const { return open_idx_files(folder_.path(), idx_images_in(folder_.path())); }
  [[nodiscard]] std::string complaint() const {
    try {
      (void)open();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
      return error.what();
    }
    return "";
  }
  std::string complaint_about(const std::string& name, const std::string& content) const {
    const std::string before = test::read_text(folder_ / name);
    folder_.write(name, content);
    const std::string message = complaint();
    EXPECT_THAT(message, HasSubstr(name));
    folder_.write(name, before);
    return message;
  }

  test::TemporaryFolder folder_;
};

void expect_pictures(const Dataset& dataset) {
  ASSERT_EQ(dataset.samples.size(), 3u);
  for (int i = 0; i < 3; ++i) {
    const Result<Bytes> bytes = dataset.read(dataset.samples[static_cast<std::size_t>(i)]);
    ASSERT_TRUE(bytes);
    const Result<image::Image> picture = image::decode(*bytes);
    ASSERT_TRUE(picture) << picture.failure().message;
    ASSERT_EQ(picture->width(), 5);
    ASSERT_EQ(picture->height(), 3);
    for (std::size_t p = 0; p < 15; ++p) {
      for (std::size_t c = 0; c < 3; ++c)
        EXPECT_EQ(picture->pixels()[3 * p + c], 10 * i + static_cast<int>(p));
    }
  }
}

TEST_F(IdxFilesTest, GivesPicturesAndLabels) {
  const Dataset dataset = open();
  EXPECT_THAT(dataset.classes, ElementsAre("0", "7"));
  EXPECT_EQ(dataset.samples.at(0).path, "train/000000.bmp");
  EXPECT_EQ(dataset.samples.at(0).label, 1);
  EXPECT_EQ(dataset.samples.at(1).label, 0);
  EXPECT_FALSE(dataset.has_test);
  expect_pictures(dataset);
}

TEST_F(IdxFilesTest, UnpacksGzip) {
  for (const char* name : {"train-images-idx3-ubyte", "train-labels-idx1-ubyte"}) {
    folder_.write(std::string(name) + ".gz", gzip(test::read_text(folder_ / name)));
    std::filesystem::remove(folder_ / name);
  }
  expect_pictures(open());
}

TEST_F(IdxFilesTest, TakesTheUnpackedOfTwo) {
  folder_.write("train-images-idx3-ubyte.gz", "not gzip at all");
  expect_pictures(open());
}

TEST_F(IdxFilesTest, SetsTheTestAside) {
  folder_.write("t10k-images-idx3-ubyte", images(2));
  folder_.write("t10k-labels-idx1-ubyte", labels({1, 2}));
  const Dataset dataset = open();
  EXPECT_TRUE(dataset.has_test);
  EXPECT_FALSE(dataset.has_splits);
  EXPECT_THAT(samples_of(dataset, Split::kTest), ElementsAre(0, 1));
  EXPECT_EQ(dataset.samples.at(0).path, "t10k/000000.bmp");
}

TEST_F(IdxFilesTest, RefusesWrongKindsAndSizes) {
  const std::string whole = images(3);
  const char* const name = "train-images-idx3-ubyte";
  EXPECT_THAT(complaint_about(name, labels({1, 2, 3}) + std::string(20, 'x')), HasSubstr("idx3 format"));
  EXPECT_THAT(complaint_about(name, whole.substr(0, 10)), HasSubstr("has become shorter"));
  EXPECT_THAT(complaint_about(name, ""), HasSubstr("has become shorter"));
  EXPECT_THAT(complaint_about(name, whole.substr(0, whole.size() - 1)), HasSubstr("does not hold the 3"));
  EXPECT_THAT(complaint_about(name, whole + "x"), HasSubstr("does not hold the 3 pictures"));
  const std::string header = big32(0x803);
  EXPECT_THAT(complaint_about(name, header + big32(0xffffffff) + big32(10'000) + big32(10'000)),
              HasSubstr("does not hold the 4294967295 pictures"));
  for (const auto& [height, width] : {std::pair{0U, 5U}, {5U, 0U}, {0xffffffffU, 0xffffffffU}}) {
    EXPECT_THAT(complaint_about(name, header + big32(1) + big32(height) + big32(width)),
                HasSubstr("claims pictures of"));
  }
}

TEST_F(IdxFilesTest, RefusesLabelsThatDoNotFit) {
  const char* const name = "train-labels-idx1-ubyte";
  EXPECT_THAT(complaint_about(name, labels({1, 2})), HasSubstr("has 2 labels for 3 pictures"));
  EXPECT_THAT(complaint_about(name, images(3)), HasSubstr("idx1 format"));
  EXPECT_THAT(complaint_about(name, labels({1, 2, 3}) + "x"), HasSubstr("does not fit its header"));
  EXPECT_THAT(complaint_about(name, labels({1, 2, 3}).substr(0, 10)), HasSubstr("does not fit its header"));
  std::filesystem::remove(folder_ / name);
  EXPECT_THAT(complaint(), HasSubstr("has no labels beside it; put train-labels-idx1-ubyte there"));
}

TEST_F(IdxFilesTest, RefusesDamagedGzip) {
  std::filesystem::remove(folder_ / "train-images-idx3-ubyte");
  const std::string packed = gzip(images(3));
  const auto complaint_of = [&](const std::string& content) {
    folder_.write("train-images-idx3-ubyte.gz", content);
    return complaint();
  };
  EXPECT_THAT(complaint_of("not gzip"), HasSubstr("is damaged"));
  EXPECT_THAT(complaint_of(""), HasSubstr("is damaged"));
  EXPECT_THAT(complaint_of(packed.substr(0, packed.size() / 2)), HasSubstr("is damaged"));
  EXPECT_THAT(complaint_of(packed.substr(0, packed.size() - 1)), HasSubstr("does not fit"));
  EXPECT_THAT(complaint_of(gzip(images(3) + "x")), HasSubstr("does not fit what its header says"));
  // Memory for what the header claims must not be taken.
  EXPECT_THAT(complaint_of(gzip(big32(0x803) + big32(0x7fffffff) + big32(10'000) + big32(10'000))),
              HasSubstr("more than it can hold"));
}

// Whatever becomes of the file, it is read or refused.
TEST_F(IdxFilesTest, SurvivesDamage) {
  std::filesystem::remove(folder_ / "train-images-idx3-ubyte");
  const std::string packed = gzip(images(3));
  std::size_t refused = 0;
  for (std::uint64_t round = 0; round < 500; ++round) {
    CounterRandom random(2, round);
    std::string damaged = packed;
    damaged[random.below(packed.size())] ^= static_cast<char>(1 + random.below(255));
    folder_.write("train-images-idx3-ubyte.gz", damaged);
    refused += complaint().empty() ? 0 : 1;
  }
  EXPECT_GT(refused, 300u);
}

TEST_F(IdxFilesTest, KnowsOnlyItsOwnPictures) {
  const Dataset dataset = open();
  for (const char* path : {"train/000003.bmp", "train/x", "train/", "train", "", "other/0.bmp", "/0.bmp",
                           "train/99999999999999999999.bmp"}) {
    EXPECT_EQ(dataset.read({path}).failure().code, "missing") << path;
  }
  EXPECT_EQ(dataset.read(dataset.samples[0], 14).failure().code, "too_large");
  std::filesystem::resize_file(folder_ / "train-images-idx3-ubyte", 20);
  EXPECT_EQ(dataset.read(dataset.samples[2]).failure().code, "unreadable");
}

}  // namespace
}  // namespace winnow::dataset
