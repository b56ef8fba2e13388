#pragma once

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/colour_network.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/image/encode.hpp"

namespace winnow::test {

// Tests with a folder that holds colours.onnx and red.jpg.
class ServeTest : public testing::Test {
 protected:
  void SetUp() override {
    ::signal(SIGPIPE, SIG_IGN);  // a client with TLS gets it when the server has gone
    const Bytes model = colour_model({});
    folder_.write("colours.onnx", as_text(model));
    folder_.write("red.jpg", picture(64, 48));
  }

  static std::string picture(int width, int height) {
    image::Image red(width, height);
    for (std::size_t i = 0; i < red.size_bytes(); i += 3) {
      red.pixels()[i] = 250;
      red.pixels()[i + 1] = red.pixels()[i + 2] = 2;
    }
    const Bytes bytes = image::encode_jpeg(red);
    return std::string(as_text(bytes));
  }

  [[nodiscard]] std::string photo() const { return read_text(folder_ / "red.jpg"); }

  static std::vector<std::string> command(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {"winnow-serve", "colours.onnx", "--no-cache"};
    words.insert(words.end(), more.begin(), more.end());
    if (std::find(more.begin(), more.end(), "--listen") == more.end()) {
      words.insert(words.end(), {"--listen", "127.0.0.1:0"});
    }
    return words;
  }

  static std::uint16_t wait_for_port(Process& server) {
    const std::string start = "ready on http://127.0.0.1:";
    const std::string line = server.wait_for_err(start);
    return static_cast<std::uint16_t>(std::stoi(line.substr(line.find(start) + start.size())));
  }

  TemporaryFolder folder_;
};

}  // namespace winnow::test
