// winnow-measure THREADS TORCH_ENGINE network | torchscript | model FILE: what winnow-doctor has tried in a
// process of its own. Prints one object: figures, or why there are none as "error".
#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "doctor/measure/network.hpp"
#include "doctor/measure/timing.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/json.hpp"
#include "winnow/inference/classifier.hpp"
#include "winnow/inference/self_check.hpp"
#include "winnow/model/onnx.hpp"

namespace winnow::tools {
namespace {

// "holds" and how well, "fails", or "none" and why.
void add_self_test(ByteSpan file, unsigned threads, Json& answer) {
  try {
    const inference::SelfCheck check = inference::self_check(file, threads);
    double difference = 0;
    for (const inference::CheckedPicture& picture : check.pictures)
      difference = std::max(difference, picture.logit_difference);
    answer["self_test"] = check.holds() ? "holds" : "fails";
    answer["self_test_text"] = fmt::format(
        "{}: {} pictures, logits differ by {:.1g}; {:g} is allowed{}", check.holds() ? "holds" : "FAILS",
        check.pictures.size(), difference, check.logit_tolerance,
        check.graph_is_intact ? "" : "; the graph is not the one that was exported");
  } catch (const Error& error) {
    answer["self_test"] = "none";
    answer["self_test_text"] = std::string("none: ") + error.what();
  }
}

Json measure_model(const std::string& name, unsigned threads, const std::string& torch_engine) {
  const Bytes file = read_file(name, model::kMaxOnnxBytes);
  const auto start = std::chrono::steady_clock::now();
  const auto classifier =
      inference::open_classifier(file, name, {.threads = threads, .torch_engine = torch_engine});
  const model::Metadata& metadata = classifier->metadata();
  const auto side = static_cast<std::size_t>(metadata.preprocessing.size);
  const std::vector<std::uint8_t> pictures = grey_pictures(kBatch, side);
  const std::span<const std::uint8_t> one = std::span(pictures).first(pictures.size() / kBatch);
  (void)classifier->classify(one);
  Json answer = {{"network", metadata.architecture},
                 {"side", side},
                 {"classes", metadata.classes.size()},
                 {"open", seconds_since(start)}};
  answer["alone"] = typical_seconds([&] { (void)classifier->classify(one); });
  answer["in_batch"] = typical_seconds([&] { (void)classifier->classify(pictures); }) / kBatch;
  answer["decode"] = decoding_seconds(metadata.preprocessing);
  answer["peak"] = peak_memory();
  add_self_test(file, threads, answer);
  return answer;
}

Json load_torch_engine(const std::string& file) {
  if (::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL) != nullptr) return Json::object();
  return {{"error", ::dlerror()}};
}

Json measure(const std::vector<std::string>& words) {
  const auto threads = static_cast<unsigned>(std::max(1, std::atoi(words[0].c_str())));
  try {
    if (words[2] == "torchscript") return load_torch_engine(words[1]);
    if (words[2] == "model" && words.size() > 3) return measure_model(words[3], threads, words[1]);
    return measure_network(threads);
  } catch (const Error& error) {
    return {{"error", error.what()}, {"unsupported", error.kind() == ErrorKind::kUnsupported}};
  } catch (const std::exception& error) {
    return {{"error", error.what()}};
  }
}

}  // namespace
}  // namespace winnow::tools

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "winnow-measure: winnow doctor starts it\n";
    return 2;
  }
  std::cout << winnow::to_line(winnow::tools::measure({argv + 1, argv + argc})) << std::endl;
  // LibTorch takes a while to go, and has nothing to save.
  std::_Exit(0);
}
