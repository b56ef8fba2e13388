#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "support/built.hpp"
#include "support/colour_network.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/atomic_file.hpp"
#include "winnow/core/json.hpp"
#include "winnow/image/encode.hpp"

namespace winnow {

// A model of three colours, and two pictures of each: new/red/0.jpg ...
class ClassifyTool : public testing::Test {
 protected:
  ClassifyTool() {
    write("colours.onnx", test::colour_model());
    for (const char* name : {"0.jpg", "1.jpg"}) {
      paint(std::filesystem::path("new/red") / name, 200, 40, 40);
      paint(std::filesystem::path("new/green") / name, 40, 200, 40);
      paint(std::filesystem::path("new/blue") / name, 40, 40, 200);
    }
  }

  static image::Image one_colour(std::uint8_t red, std::uint8_t green, std::uint8_t blue, int width = 40,
                                 int height = 30) {
    image::Image picture(width, height);
    for (std::size_t i = 0; i < picture.size_bytes(); i += 3) {
      picture.pixels()[i] = red;
      picture.pixels()[i + 1] = green;
      picture.pixels()[i + 2] = blue;
    }
    return picture;
  }
  void write(const std::filesystem::path& name, const Bytes& bytes) { folder_.write(name, as_text(bytes)); }
  void paint(const std::filesystem::path& name, std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
    write(name, image::encode_jpeg(one_colour(red, green, blue)));
  }

  test::Finished classify_with(const std::string& model, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"winnow-classify", model});
    return test::run(arguments, folder_.path(), environment_);
  }
  test::Finished classify(const std::vector<std::string>& arguments) {
    return classify_with("colours.onnx", arguments);
  }
  // As a person would type it: words after "winnow-classify colours.onnx", with pipes and redirections.
  test::Finished classify_in_shell(const std::string& before, const std::string& words) {
    const std::string program = (test::built_programs() / "winnow-classify").string();
    return test::run({"/bin/sh", "-c", before + program + " colours.onnx " + words}, folder_.path(),
                     environment_);
  }

  static std::vector<Json> rows_of(const std::string& jsonl) {
    std::vector<Json> rows;
    std::istringstream lines(jsonl);
    for (std::string line; std::getline(lines, line);) rows.push_back(Json::parse(line));
    return rows;
  }
  // "red red blue": the labels of the answers.
  static std::string labels_of(const std::string& jsonl) {
    std::string labels;
    for (const Json& row : rows_of(jsonl)) {
      labels += (labels.empty() ? "" : " ") + row["label"].get<std::string>();
    }
    return labels;
  }
  static std::ptrdiff_t lines_of(const std::string& text) {
    return std::count(text.begin(), text.end(), '\n');
  }

  test::TemporaryFolder folder_;
  std::vector<std::string> environment_ = {"XDG_CACHE_HOME=" + (folder_ / "cache").string()};
};

}  // namespace winnow
