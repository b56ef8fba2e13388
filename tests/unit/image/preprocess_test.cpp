#include "winnow/image/preprocess.hpp"
#include "winnow/core/error.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>
#include <vector>

#include "support/drawing.hpp"
#include "support/encoders.hpp"
#include "unit/image/pictures.hpp"
#include "winnow/image/encode.hpp"

namespace winnow::image {
namespace {

Image preprocess(ByteSpan bytes, const Preprocessing& rule) {
  Image out(rule.size, rule.size);
  const Result<ImageInfo> info = decode_and_preprocess(bytes, rule, out.pixels());
  EXPECT_TRUE(info) << failure_message(info);
  return out;
}

Image region(const Image& image, int left, int top, int width, int height) {
  Image out(width, height);
  for (int y = 0; y < height; ++y) std::memcpy(out.row(y), image.row(top + y) + 3 * left, out.row_bytes());
  return out;
}

TEST(Preprocessing, TravelsThroughJson) {
  for (const Preprocessing& rule :
       {Preprocessing{}, Preprocessing{.size = 96, .fit = Fit::kSquash, .mean = {0.5F, 0, 3}},
        Preprocessing{.crop_fraction = 0.1, .mean = {-1.25F, 2, 3}, .scale = {0.1F, 1, 58.395F}}}) {
    EXPECT_EQ(preprocessing_from_json(to_json(rule)), rule);
    EXPECT_EQ(preprocessing_from_json(Json::parse(to_json(rule).dump())), rule);
  }
  EXPECT_EQ(
      to_json(Preprocessing{}).dump(),
      R"({"size":224,"fit":"crop","crop_fraction":0.875,"mean":[127.0,127.0,127.0],"scale":[128.0,128.0,128.0]})");
}

TEST(Preprocessing, RefusesJsonOutOfRange) {
  const std::pair<const char*, Json> wrong[] = {{"size", 7},
                                                {"size", 2049},
                                                {"size", 224.5},
                                                {"size", "224"},
                                                {"size", nullptr},
                                                {"size", -224},
                                                {"size", 1e300},
                                                {"fit", "pad"},
                                                {"fit", 1},
                                                {"crop_fraction", 0},
                                                {"crop_fraction", 1.01},
                                                {"crop_fraction", -0.5},
                                                {"scale", 128},
                                                {"scale", {1, 1, 0}},
                                                {"scale", {-128, 1, 1}},
                                                {"scale", {1, "1", 1}},
                                                {"scale", {1, 1}},
                                                {"scale", {1, 1e300, 1}},
                                                {"mean", 127},
                                                {"mean", Json::array()},
                                                {"mean", {1, 2, 3, 4}},
                                                {"mean", {1, nullptr, 3}},
                                                {"mean", {1e300, 1, 1}}};
  for (const auto& [name, value] : wrong) {
    Json json = to_json(Preprocessing{});
    json[name] = value;
    try {
      static_cast<void>(preprocessing_from_json(json));
      ADD_FAILURE() << json.dump();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalid) << json.dump();
    }
  }
  for (const char* name : {"size", "fit", "crop_fraction", "mean", "scale"}) {
    Json json = to_json(Preprocessing{});
    json.erase(name);
    EXPECT_THROW(static_cast<void>(preprocessing_from_json(json)), Error) << name;
  }
  EXPECT_THROW(static_cast<void>(preprocessing_from_json(Json::array())), Error);
  EXPECT_THROW(static_cast<void>(preprocessing_from_json(nullptr)), Error);
}

TEST(Preprocessing, AcceptsTheEdgesOfItsRanges) {
  for (const auto& [size, fraction] : {std::pair{8, 1.0}, {2048, 1e-6}}) {
    const Preprocessing rule{.size = size, .crop_fraction = fraction, .scale = {1e-6F, 1e-6F, 1e-6F}};
    EXPECT_EQ(preprocessing_from_json(to_json(rule)), rule);
  }
}

TEST(PixelRuleId, NamesWhatPixelsDependOn) {
  EXPECT_EQ(pixel_rule_id({}), "rgb-224-crop0.875-v1");
  EXPECT_EQ(pixel_rule_id({.size = 96, .fit = Fit::kSquash}), "rgb-96-squash-v1");
  // Mean and scale belong to the graph, and the fraction to the crop.
  EXPECT_EQ(pixel_rule_id({.mean = {0, 0, 0}, .scale = {1, 1, 1}}), pixel_rule_id({}));
  EXPECT_EQ(pixel_rule_id({.fit = Fit::kSquash, .crop_fraction = 0.5}), pixel_rule_id({.fit = Fit::kSquash}));
  EXPECT_NE(pixel_rule_id({.crop_fraction = 0.9}), pixel_rule_id({.crop_fraction = 0.90001}));
}

TEST(DecodeAndPreprocess, CutsTheCentreSquare) {
  // 41 x 30, everything: a side of 30 that begins at (41 - 30 + 1) / 2 = 6.
  const Image picture = test::draw_scene("discs", 1, 41, 30);
  const Bytes bytes = test::encode_png(picture);
  EXPECT_EQ(test::largest_difference(preprocess(bytes, {.size = 30, .crop_fraction = 1}),
                                     region(picture, 6, 0, 30, 30)),
            0);
  // 0.6 of 30 is 18, at (41 - 18 + 1) / 2 = 12 and (30 - 18 + 1) / 2 = 6.
  EXPECT_EQ(test::largest_difference(preprocess(bytes, {.size = 18, .crop_fraction = 0.6}),
                                     region(picture, 12, 6, 18, 18)),
            0);
  EXPECT_EQ(test::largest_difference(preprocess(bytes, {.size = 9, .crop_fraction = 0.6}),
                                     resize(region(picture, 12, 6, 18, 18), 9, 9)),
            0);
}

TEST(DecodeAndPreprocess, SquashesTheWholePicture) {
  const Image picture = test::draw_scene("discs", 1, 90, 30);
  EXPECT_EQ(test::largest_difference(preprocess(test::encode_png(picture), {.size = 24, .fit = Fit::kSquash}),
                                     resize(picture, 24, 24)),
            0);
}

TEST(DecodeAndPreprocess, ReportsTheHeader) {
  const Bytes bytes = test::with_exif(encode_jpeg(test::draw_gradient(801, 601)), 6);
  Image out(32, 32);
  const Result<ImageInfo> info = decode_and_preprocess(bytes, {.size = 32}, out.pixels(), {.min_side = 5000});
  ASSERT_TRUE(info);
  EXPECT_EQ(info->format, Format::kJpeg);
  EXPECT_EQ(info->width, 601);
  EXPECT_EQ(info->height, 801);
  EXPECT_FALSE(info->animated);
}

TEST(DecodeAndPreprocess, WritesNothingAroundItsPixels) {
  const Bytes bytes = encode_jpeg(test::draw_gradient(100, 70));
  for (const int size : {8, 9, 61, 224}) {
    const Preprocessing rule{.size = size};
    Bytes buffer(output_bytes(rule) + 32, 0xa5);
    ASSERT_TRUE(decode_and_preprocess(bytes, rule, std::span(buffer).subspan(16, output_bytes(rule))));
    for (std::size_t i = 0; i < 16; ++i) {
      EXPECT_EQ(buffer[i], 0xa5);
      EXPECT_EQ(buffer[buffer.size() - 1 - i], 0xa5);
    }
  }
}

TEST(DecodeAndPreprocess, ReducesJpegWithoutBeingSeen) {
  const Image picture = test::draw_gradient(1600, 1200);
  const Bytes jpeg = encode_jpeg(picture, 95);
  const Bytes png = test::encode_png(picture);
  for (const Preprocessing& rule :
       {Preprocessing{.size = 100}, Preprocessing{.size = 150, .fit = Fit::kSquash},
        Preprocessing{.size = 299}}) {
    EXPECT_LE(test::largest_difference(preprocess(jpeg, rule), preprocess(png, rule)), 4)
        << pixel_rule_id(rule);
  }
}

// How much neighbouring rows differ in all. Shifts do not change it, blur does.
double variation(const Image& image) {
  double sum = 0;
  for (std::size_t i = image.row_bytes(); i < image.size_bytes(); ++i) {
    sum += std::abs(int{image.pixels()[i]} - int{image.pixels()[i - image.row_bytes()]});
  }
  return sum;
}

// Around the sides at which one more halving would leave a region of fewer than 224 pixels: fine stripes
// would fade if a region were enlarged again.
TEST(DecodeAndPreprocess, NeverEnlargesAReducedJpeg) {
  for (const int side : {511, 512, 513, 1022, 1023, 1024, 1025, 1790, 2040, 2048, 2049}) {
    Image stripes(side, side);
    for (int y = 0; y < side; ++y) {
      for (std::size_t x = 0; x < stripes.row_bytes(); ++x)
        stripes.row(y)[x] = y * 160 / side % 2 == 0 ? 40 : 200;
    }
    const double reduced = variation(preprocess(encode_jpeg(stripes, 98), {}));
    EXPECT_GT(reduced, 0.9 * variation(preprocess(test::encode_png(stripes), {}))) << side;
  }
}

TEST(DecodeAndPreprocess, TakesAnyShape) {
  for (const auto& [width, height] : {std::pair{1, 1}, {2, 1}, {1, 300}, {3, 3}, {500, 2}}) {
    const Image picture = flat(width, height, 12, 200, 99);
    for (const Fit fit : {Fit::kCrop, Fit::kSquash}) {
      for (const double fraction : {1.0, 0.875, 0.001}) {
        const Preprocessing rule{.size = 24, .fit = fit, .crop_fraction = fraction};
        EXPECT_EQ(
            test::largest_difference(preprocess(test::encode_png(picture), rule), flat(24, 24, 12, 200, 99)),
            0)
            << width << "x" << height << ", " << pixel_rule_id(rule);
      }
    }
  }
}

TEST(DecodeAndPreprocess, PassesFailuresOn) {
  Image out(224, 224);
  EXPECT_EQ(failure_code(decode_and_preprocess(as_bytes("<html>"), {}, out.pixels())), "not_an_image");
  EXPECT_EQ(failure_code(decode_and_preprocess({}, {}, out.pixels())), "empty");
  const Bytes jpeg = encode_jpeg(test::draw_gradient(64, 64));
  EXPECT_EQ(failure_code(decode_and_preprocess(jpeg, {}, out.pixels(), {.max_pixels = 64 * 64 - 1})),
            "too_large");
  EXPECT_EQ(failure_code(decode_and_preprocess(ByteSpan(jpeg).first(300), {}, out.pixels())), "truncated");
}

TEST(DecodeAndPreprocess, RefusesABufferOfAnotherSize) {
  const Bytes jpeg = encode_jpeg(test::draw_gradient(64, 64));
  Image small(223, 224);
  EXPECT_THROW(static_cast<void>(decode_and_preprocess(jpeg, {}, small.pixels())), Error);
}

TEST(DecodeAndPreprocess, GivesTheSameBitsOnEveryThread) {
  const Bytes jpeg = encode_jpeg(test::draw_scene("discs", 4, 500, 375));
  const Image expected = preprocess(jpeg, {});
  std::vector<Image> results;
  for (int i = 0; i < 8; ++i) results.emplace_back(224, 224);
  {
    std::vector<std::jthread> threads;
    for (Image& result : results) {
      threads.emplace_back([&] {
        for (int i = 0; i < 5; ++i) static_cast<void>(decode_and_preprocess(jpeg, {}, result.pixels()));
      });
    }
  }
  for (const Image& result : results) EXPECT_EQ(test::largest_difference(result, expected), 0);
}

TEST(ShrinkToFit, KeepsTheShapeAndNeverEnlarges) {
  const auto size = [](const Image& image) { return std::pair(image.width(), image.height()); };
  const Image picture = test::draw_gradient(400, 300);
  EXPECT_EQ(size(shrink_to_fit(picture, 200)), std::pair(200, 150));
  EXPECT_EQ(size(shrink_to_fit(picture, 1)), std::pair(1, 1));
  EXPECT_EQ(size(shrink_to_fit(test::draw_gradient(3, 500), 50)), std::pair(1, 50));
  EXPECT_EQ(test::largest_difference(shrink_to_fit(picture, 400), picture), 0);
  EXPECT_EQ(test::largest_difference(shrink_to_fit(picture, 5000), picture), 0);
}

TEST(SeenRegion, IsTheCentreSquareOrTheWhole) {
  const Region crop = seen_region({.size = 224, .crop_fraction = 0.5}, 100, 40);
  EXPECT_EQ(crop.left, 40);
  EXPECT_EQ(crop.top, 10);
  EXPECT_EQ(crop.width, 20);
  EXPECT_EQ(crop.height, 20);
  const Region squash = seen_region({.size = 224, .fit = Fit::kSquash}, 100, 40);
  EXPECT_EQ(squash.left, 0);
  EXPECT_EQ(squash.width, 100);
  EXPECT_EQ(squash.height, 40);
}

TEST(Resize, RefusesSizesThatDoNotFit) {
  const Image picture = test::draw_gradient(4, 4);
  const PixelView view{picture.pixels().data(), 4, 4, picture.row_bytes()};
  std::vector<std::uint8_t> out(std::size_t{3} * 2 * 2);
  EXPECT_NO_THROW(resize(view, out, 2, 2));
  EXPECT_THROW(resize(view, out, 2, 3), Error);
  EXPECT_THROW(resize(view, out, 0, 2), Error);
  EXPECT_THROW(resize({}, out, 2, 2), Error);
}

}  // namespace
}  // namespace winnow::image
