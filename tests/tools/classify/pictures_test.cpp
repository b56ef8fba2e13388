// Pictures of every kind that people have: a right answer or one line each.
#include "classify_fixture.hpp"
#include "support/encoders.hpp"
#include "winnow/image/decode.hpp"

namespace winnow {
namespace {

using test::Finished;
using testing::HasSubstr;

class ClassifyPictures : public ClassifyTool {
 protected:
  [[nodiscard]] std::string label_of(const std::string& name, const Bytes& bytes) {
    write(name, bytes);
    const Finished result = classify({name, "--format", "jsonl"});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.err, "");
    return labels_of(result.out);
  }
  [[nodiscard]] std::string refusal_of(const std::string& name, const Bytes& bytes) {
    write(name, bytes);
    const Finished result = classify({name, "new/red/0.jpg"});
    EXPECT_EQ(result.exit_code, 3);
    EXPECT_EQ(lines_of(result.err), 1) << result.err;
    return result.err;
  }
  const image::Image green_ = one_colour(40, 200, 40);
};

TEST_F(ClassifyPictures, OfAnySize) {
  EXPECT_EQ(label_of("one.png", test::encode_png(one_colour(40, 200, 40, 1, 1))), "green");
  EXPECT_EQ(label_of("wide.png", test::encode_png(one_colour(40, 200, 40, 20'000, 3))), "green");
  EXPECT_EQ(label_of("tall.jpg", image::encode_jpeg(one_colour(40, 200, 40, 2, 20'000))), "green");
  EXPECT_THAT(refusal_of("large.png", test::encode_png(one_colour(40, 200, 40, 20'000, 2'001))),
              HasSubstr("large.png: "));
}

TEST_F(ClassifyPictures, OfAnyColourSpace) {
  for (const auto kind : {test::JpegKind::kCmyk, test::JpegKind::kAdobeCmyk, test::JpegKind::kAdobeYcck}) {
    EXPECT_EQ(label_of("print.jpg", test::encode_jpeg_as(green_, kind)), "green");
  }
  EXPECT_EQ(label_of("deep.png", test::encode_png(green_, test::PngKind::kRgb16)), "green");
  const std::string grey = label_of("grey.png", test::encode_png(green_, test::PngKind::kGrey));
  EXPECT_EQ(label_of("grey16.png", test::encode_png(green_, test::PngKind::kGrey16)), grey);
}

TEST_F(ClassifyPictures, WithAlphaAreOnWhite) {
  const std::vector<std::uint8_t> clear(std::size_t{40} * 30, 0);
  const std::vector<std::uint8_t> solid(std::size_t{40} * 30, 255);
  EXPECT_EQ(label_of("solid.png", test::encode_png(green_, solid)), "green");
  write("clear.png", test::encode_png(green_, clear));
  const Json row = Json::parse(classify({"clear.png", "--format", "jsonl"}).out);
  EXPECT_NEAR(row["confidence"].get<double>(), 1.0 / 3, 0.01);
}

TEST_F(ClassifyPictures, ThatMoveCountByTheirFirstFrame) {
  const std::vector<image::Image> frames = [&] {
    std::vector<image::Image> made;
    made.push_back(one_colour(40, 200, 40));
    made.push_back(one_colour(200, 40, 40));
    return made;
  }();
  EXPECT_EQ(label_of("moving.gif", test::encode_gif(frames)), "green");
  EXPECT_EQ(label_of("moving.webp", test::encode_webp_animation(frames)), "green");
}

TEST_F(ClassifyPictures, AreToldByTheirBytes) {
  EXPECT_EQ(label_of("really-a.png", image::encode_jpeg(green_)), "green");
  EXPECT_EQ(label_of("no extension", test::encode_webp(green_)), "green");
  EXPECT_THAT(refusal_of("page.jpg", Bytes{'<', 'h', 't', 'm', 'l', '>'}),
              HasSubstr("page.jpg: not an image (HTML page)"));
  EXPECT_THAT(refusal_of("empty.png", {}), HasSubstr("empty.png: "));
  const Bytes whole = image::encode_jpeg(green_);
  EXPECT_THAT(refusal_of("cut.jpg", Bytes(whole.begin(), whole.end() - 200)), HasSubstr("cut.jpg: "));
}

TEST_F(ClassifyPictures, AreExplainedUprightAndInPlace) {
  write("maps.onnx", test::colour_model({.activation_map = true}));
  image::Image picture = one_colour(0, 0, 0, 80, 60);  // red to the right
  for (int y = 0; y < 60; ++y) {
    for (int x = 46; x < 80; ++x) picture.row(y)[3 * x] = 255;
  }
  const Bytes stripe = test::encode_jpeg_as(picture, test::JpegKind::kBaseline);
  write("stripe.jpg", stripe);
  write("turned.jpg", test::with_exif(stripe, 6));  // to be shown with its right side down
  const Finished result = classify_with("maps.onnx", {"stripe.jpg", "turned.jpg", "--explain", "heat"});
  EXPECT_EQ(result.exit_code, 0);

  const auto heat_of = [&](const std::string& name) {
    const std::string text = test::read_text(folder_ / "heat" / name);
    return std::move(image::decode(as_bytes(text)).value());
  };
  const auto green_at = [](const image::Image& heat, int x, int y) { return int{heat.row(y)[3 * x + 1]}; };
  const image::Image heat = heat_of("stripe.heat.jpg");
  ASSERT_EQ(heat.width(), 80);
  ASSERT_EQ(heat.height(), 60);
  EXPECT_GT(green_at(heat, 62, 30), 60);  // yellow over red
  EXPECT_LT(green_at(heat, 20, 30), 30);  // dark blue over black
  EXPECT_LT(green_at(heat, 76, 30), 20);  // beyond what the network saw
  const image::Image turned = heat_of("turned.heat.jpg");
  ASSERT_EQ(turned.width(), 60);
  ASSERT_EQ(turned.height(), 80);
  EXPECT_GT(green_at(turned, 30, 62), 60);
  EXPECT_LT(green_at(turned, 30, 20), 30);
}

TEST_F(ClassifyPictures, AreExplainedWithAWordWhereTheyAreNoneOfThese) {
  write("maps.onnx", test::colour_model({.activation_map = true}));
  paint("night.jpg", 20, 10, 10);
  const Finished result =
      classify_with("maps.onnx", {"new/red", "new/blue", "night.jpg", "--explain", "heat"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err,
            "winnow-classify: night.jpg: is none of these; night.none_of_these.heat.jpg only shows what "
            "speaks for red\n");
  EXPECT_THAT(test::list_files(folder_ / "heat"),
              testing::ElementsAre("0-2.heat.jpg", "0.heat.jpg", "1-2.heat.jpg", "1.heat.jpg",
                                   "night.none_of_these.heat.jpg"));
}

TEST_F(ClassifyPictures, AreNotExplainedByModelsThatCannot) {
  const Finished without = classify({"new", "--explain", "none"});
  EXPECT_EQ(without.exit_code, 1);
  EXPECT_EQ(without.err,
            "winnow-classify: colours.onnx: the model has no output \"activation_map\"; export it again\n");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "none"));
}

}  // namespace
}  // namespace winnow
