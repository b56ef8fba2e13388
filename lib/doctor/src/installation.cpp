#include "winnow/doctor/installation.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "child_process.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/hash.hpp"
#include "winnow/core/json.hpp"
#include "winnow/core/text.hpp"

namespace winnow::doctor {
namespace {

namespace fs = std::filesystem;

constexpr auto kStartLimit = std::chrono::seconds(30);
constexpr auto kMeasureLimit = std::chrono::seconds(120);

constexpr std::array kPrograms = {"winnow-scrape", "winnow-curate",   "winnow-train",
                                  "winnow-export", "winnow-classify", "winnow-serve"};

struct KnownWeights {
  const char* file;
  const char* sha256;
};

// As scripts/setup.sh and winnow-training bring them. The first are what everything takes unless told
// otherwise.
constexpr std::array kWeights = {
    KnownWeights{"efficientnet_lite0.safetensors",
                 "b2092d865f8e679e1e535c1af1b1eab43a1f6bacee8fd749f6114aa5d68e637d"},
    KnownWeights{"efficientnet_lite1.safetensors",
                 "50f1dbfcbeb09083a710bff5d4193337bd013c4f073c94867723d39763c6b023"},
    KnownWeights{"efficientnet_lite2.safetensors",
                 "60f0f2ea03f63c9d229b7a6ef0b51237622bf638fca29eb495b7df5f1db2124d"},
};

Program ask_version(const std::string& name, const fs::path& folder, const Context& context) {
  constexpr std::string_view kStart = "winnow ";
  Program program{.name = name};
  const fs::path file = folder / name;
  std::error_code error;
  program.is_there = fs::exists(file, error);
  if (!program.is_there) return program;
  const ChildResult result = run_child({file.string(), "--version"}, kStartLimit, context.stop);
  const std::string_view said = trim(result.out);
  program.failure = describe_failure(result);
  if (!program.failure.empty()) return program;
  if (said.starts_with(kStart)) {
    program.version = printable(said.substr(kStart.size()), 40);
  } else {
    program.failure = "is no program of winnow: it does not say its version";
  }
  return program;
}

std::vector<Weights> read_weights(const fs::path& folder) {
  std::vector<Weights> all;
  for (const KnownWeights& known : kWeights) {
    Weights weights{.file = folder / known.file};
    std::error_code error;
    if (fs::exists(weights.file, error)) {
      try {
        weights.state = sha256_of_file(weights.file).sha256 == known.sha256 ? Weights::State::kAsFetched
                                                                            : Weights::State::kOthers;
      } catch (const Error&) {
        weights.state = Weights::State::kOthers;  // not to be read
      }
    } else if (!all.empty()) {
      continue;  // nobody needs the larger ones
    }
    all.push_back(std::move(weights));
  }
  return all;
}

// Runs winnow-measure. The answer is an object; where there is none, it has an "error" that says why.
Json measure(const InstallationPaths& paths, const std::vector<std::string>& arguments,
             const Context& context) {
  std::vector<std::string> command = {paths.measure.string(), std::to_string(context.threads),
                                      paths.torch_engine.string()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const ChildResult result = run_child(command, kMeasureLimit, context.stop);
  if (std::string failure = describe_failure(result); !failure.empty()) return {{"error", failure}};
  Json answer = Json::parse(result.out, nullptr, false);
  return answer.is_object() ? answer : Json{{"error", "winnow-measure is of another winnow"}};
}

double number(const Json& json, const char* member) {
  return json.contains(member) && json[member].is_number() ? std::max(0.0, json[member].get<double>()) : 0;
}

std::string text(const Json& json, const char* member, std::size_t longest) {
  if (!json.contains(member) || !json[member].is_string()) return "";
  return printable(json[member].get<std::string>(), longest);
}

Speed speed_from(const Json& answer) {
  Speed speed{.network = text(answer, "network", 80),
              .side = static_cast<int>(number(answer, "side")),
              .precision = text(answer, "precision", 20),
              .open = number(answer, "open"),
              .alone = number(answer, "alone"),
              .in_batch = number(answer, "in_batch"),
              .decode = number(answer, "decode")};
  if (answer.contains("float32")) speed.float32 = number(answer, "float32");
  if (answer.contains("peak")) speed.peak = static_cast<std::uint64_t>(number(answer, "peak"));
  return speed;
}

Engine engine_from(const Json& answer) {
  if (!answer.contains("error")) return {.state = Engine::State::kWorks};
  return {.state = answer.contains("unsupported") && answer["unsupported"] == true ? Engine::State::kAbsent
                                                                                   : Engine::State::kBroken,
          .reason = text(answer, "error", 300)};
}

}  // namespace

Installation read_installation(const InstallationPaths& paths, const Context& context) {
  Installation installation{.folder = paths.programs, .version = WINNOW_VERSION};
  for (const char* name : kPrograms)
    installation.programs.push_back(ask_version(name, paths.programs, context));
  installation.weights = read_weights(paths.weights_folder);
  return installation;
}

void measure_machine(const InstallationPaths& paths, const Context& context, Facts& facts) {
  const Json answer = measure(paths, {"network"}, context);
  facts.installation.onnx = engine_from(answer);
  if (facts.installation.onnx.state == Engine::State::kWorks) facts.speed = speed_from(answer);
  std::error_code error;
  if (!std::filesystem::exists(paths.torch_engine, error)) {
    facts.installation.torchscript = {.state = Engine::State::kAbsent};
    return;
  }
  facts.installation.torchscript = engine_from(measure(paths, {"torchscript"}, context));
}

ModelCheck check_model(const fs::path& file, const InstallationPaths& paths, const Context& context) {
  const Json answer = measure(paths, {"model", file.string()}, context);
  ModelCheck check{.file = file};
  if (answer.contains("error")) {
    check.failure = text(answer, "error", 500);
    if (check.failure.empty()) check.failure = "cannot be opened";
    return check;
  }
  check.classes = static_cast<std::size_t>(number(answer, "classes"));
  const std::string test = text(answer, "self_test", 20);
  check.self_test = test == "holds"   ? ModelCheck::SelfTest::kHolds
                    : test == "fails" ? ModelCheck::SelfTest::kFails
                                      : ModelCheck::SelfTest::kNone;
  check.self_test_text = text(answer, "self_test_text", 300);
  check.speed = speed_from(answer);
  return check;
}

}  // namespace winnow::doctor
