#include "winnow/core/text.hpp"
#include "winnow/doctor/report.hpp"

namespace winnow::doctor {
namespace {

template <class T>
Json known(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json text(const std::string& value) {
  return value.empty() ? Json() : Json(value);
}

Json to_json(const Machine& machine) {
  return {{"system", text(machine.system)},
          {"kernel", text(machine.kernel)},
          {"architecture", text(machine.architecture)},
          {"processor", text(machine.processor)},
          {"vector_path", text(vector_path(machine))},
          {"processors", machine.processors},
          {"allowed_processors", machine.allowed},
          {"processor_quota", known(machine.group.processors)},
          {"threads", machine.threads},
          {"memory_bytes", known(machine.memory)},
          {"memory_limit_bytes", known(machine.group.memory)},
          {"memory_free_bytes", known(memory_free(machine))},
          {"swap_bytes", known(machine.swap)},
          {"swap_used_bytes", known(machine.swap_used)},
          {"memory_stall_percent", known(machine.memory_stall)},
          {"load", known(machine.load)},
          {"open_files", known(machine.open_files)},
          {"time", format_time(machine.now)},
          {"clock_is_kept", known(machine.clock_is_kept)}};
}

Json to_json(const Folder& folder) {
  return {{"use", folder.use == Folder::Use::kCache       ? "cache"
                  : folder.use == Folder::Use::kTemporary ? "temporary"
                                                          : "working"},
          {"path", text(folder.path.string())},
          {"exists", folder.exists},
          {"writable", folder.writable},
          {"in_memory", folder.in_memory},
          {"free_bytes", known(folder.free)}};
}

Json to_json(const Engine& engine) {
  const char* const state = engine.state == Engine::State::kWorks    ? "works"
                            : engine.state == Engine::State::kAbsent ? "absent"
                            : engine.state == Engine::State::kBroken ? "broken"
                                                                     : "unknown";
  return {{"state", state}, {"reason", text(engine.reason)}};
}

Json to_json(const Installation& installation) {
  Json programs = Json::array();
  for (const Program& program : installation.programs) {
    programs.push_back({{"name", program.name},
                        {"installed", program.is_there},
                        {"version", text(program.version)},
                        {"failure", text(program.failure)}});
  }
  Json weights = Json::array();
  for (const Weights& file : installation.weights) {
    weights.push_back({{"file", file.file.string()},
                       {"state", file.state == Weights::State::kAsFetched ? "as_fetched"
                                 : file.state == Weights::State::kOthers  ? "others"
                                                                          : "missing"}});
  }
  return {{"folder", installation.folder.string()},
          {"version", installation.version},
          {"programs", std::move(programs)},
          {"openvino", to_json(installation.onnx)},
          {"libtorch", to_json(installation.torchscript)},
          {"weights", std::move(weights)}};
}

Json to_json(const Speed& speed, const Machine& machine) {
  return {{"network", speed.network},
          {"side", speed.side},
          {"precision", text(speed.precision)},
          {"open_seconds", speed.open},
          {"alone_seconds", speed.alone},
          {"in_batch_seconds", speed.in_batch},
          {"float32_in_batch_seconds", known(speed.float32)},
          {"decode_seconds", speed.decode},
          {"pictures_per_second", pictures_per_second(speed, cores(machine))},
          {"peak_memory_bytes", known(speed.peak)}};
}

Json to_json(const ModelCheck& model, const Machine& machine) {
  Json json = {{"file", model.file.string()}, {"failure", text(model.failure)}};
  if (!model.failure.empty()) return json;
  json["classes"] = model.classes;
  json["self_test"] = model.self_test == ModelCheck::SelfTest::kHolds   ? "holds"
                      : model.self_test == ModelCheck::SelfTest::kFails ? "fails"
                                                                        : "none";
  json["speed"] = to_json(model.speed, machine);
  return json;
}

Json to_json(const Host& host) {
  return {{"name", host.name},
          {"failure_code", text(host.failure_code)},
          {"failure", text(host.failure)},
          {"status", host.status == 0 ? Json() : Json(host.status)},
          {"seconds", host.seconds},
          {"clock_ahead_seconds", host.clock_ahead ? Json(host.clock_ahead->count()) : Json()}};
}

const char* to_word(Use::Fitness fitness) {
  switch (fitness) {
    case Use::Fitness::kGood:
      return "good";
    case Use::Fitness::kSlow:
      return "slow";
    case Use::Fitness::kNo:
      return "no";
    case Use::Fitness::kUnknown:
      break;
  }
  return "unknown";
}

}  // namespace

Json to_json(const Facts& facts, const std::vector<Use>& uses, const std::vector<Finding>& findings) {
  Json folders = Json::array();
  for (const Folder& folder : facts.folders) folders.push_back(to_json(folder));
  Json hosts = Json::array();
  for (const Host& host : facts.hosts) hosts.push_back(to_json(host));
  Json good_for = Json::object();
  for (const Use& use : uses) good_for[use.name] = {{"fitness", to_word(use.fitness)}, {"text", use.text}};
  Json found = Json::array();
  bool is_ok = true;
  for (const Finding& finding : findings) {
    is_ok = is_ok && !finding.blocks;
    found.push_back({{"code", finding.code},
                     {"blocks", finding.blocks},
                     {"what", finding.what},
                     {"why", finding.why},
                     {"do", finding.remedy}});
  }
  return {{"ok", is_ok},
          {"machine", to_json(facts.machine)},
          {"folders", std::move(folders)},
          {"installation", to_json(facts.installation)},
          {"hosts", std::move(hosts)},
          {"speed", facts.speed ? to_json(*facts.speed, facts.machine) : Json()},
          {"model", facts.model ? to_json(*facts.model, facts.machine) : Json()},
          {"good_for", std::move(good_for)},
          {"findings", std::move(found)}};
}

}  // namespace winnow::doctor
