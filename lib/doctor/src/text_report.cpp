#include <fmt/format.h>

#include <cmath>

#include "winnow/core/text.hpp"
#include "winnow/doctor/report.hpp"

namespace winnow::doctor {
namespace {

constexpr const char* kUnknown = "unknown";

class Lines {
 public:
  void heading(std::string_view name) { text_ += fmt::format("{}{}\n", text_.empty() ? "" : "\n", name); }
  void add(std::string_view name, const std::string& value) {
    text_ += fmt::format("  {:<15} {}\n", name, value);
  }
  void add(const Finding& finding) {
    text_ += fmt::format("  {}: {}; {}\n", finding.what, finding.why, finding.remedy);
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string bytes_or_unknown(const std::optional<std::uint64_t>& bytes) {
  return bytes ? format_bytes(*bytes) : kUnknown;
}

std::string or_unknown(const std::string& text) {
  return text.empty() ? kUnknown : text;
}

std::string milliseconds(double seconds) {
  const double value = 1000 * seconds;
  return fmt::format("{:.{}f} ms", value, value < 10 ? 2 : value < 100 ? 1 : 0);
}

std::string describe_cores(const Machine& machine) {
  std::string text = fmt::format("{} of {}", machine.allowed, machine.processors);
  if (machine.group.processors)
    text += fmt::format(", {:.3g} by the control group", *machine.group.processors);
  return text + fmt::format("; winnow uses {}", format_count(machine.threads, "thread"));
}

std::string describe_memory(const Machine& machine) {
  std::string text = bytes_or_unknown(machine.memory);
  if (machine.group.memory)
    text += fmt::format(", {} by the control group", format_bytes(*machine.group.memory));
  text += fmt::format("; {} free", bytes_or_unknown(memory_free(machine)));
  if (!machine.swap || *machine.swap == 0) return text + "; no swap";
  return text + fmt::format("; {} of {} of swap used", bytes_or_unknown(machine.swap_used),
                            format_bytes(*machine.swap));
}

std::string describe_clock(const Machine& machine) {
  return format_time(machine.now) + (!machine.clock_is_kept   ? ""
                                     : *machine.clock_is_kept ? ", kept by a time service"
                                                              : ", not known to be kept by a time service");
}

const char* name_of(Folder::Use use) {
  return use == Folder::Use::kCache ? "caches" : use == Folder::Use::kTemporary ? "temporary" : "this folder";
}

std::string describe(const Folder& folder) {
  if (folder.path.empty()) return "none";
  return fmt::format("{} free in {}{}{}", bytes_or_unknown(folder.free), printable(folder.path.string(), 200),
                     folder.in_memory ? ", in memory" : "", folder.writable ? "" : ", cannot be written");
}

void add_machine(Lines& lines, const Facts& facts) {
  const Machine& machine = facts.machine;
  lines.heading("machine");
  lines.add("system", fmt::format("{}, {}, {}", or_unknown(machine.system), or_unknown(machine.kernel),
                                  or_unknown(machine.architecture)));
  const std::string path = vector_path(machine);
  lines.add("processor", or_unknown(machine.processor) + (path.empty() ? "" : ", " + path));
  lines.add("cores", describe_cores(machine));
  lines.add("memory", describe_memory(machine));
  lines.add("open files", machine.open_files ? fmt::format("{} a process", *machine.open_files) : kUnknown);
  lines.add("clock", describe_clock(machine));
  for (const Folder& folder : facts.folders) lines.add(name_of(folder.use), describe(folder));
}

std::string describe(const Program& program, const std::string& version) {
  if (!program.is_there) return "not here";
  if (!program.failure.empty()) return "DOES NOT START: " + program.failure;
  return program.version + (program.version == version ? "" : " (this is " + version + ")");
}

std::string describe(const Engine& engine, const std::string& works) {
  switch (engine.state) {
    case Engine::State::kWorks:
      return works;
    case Engine::State::kAbsent:
      return "not here";
    case Engine::State::kBroken:
      return "DOES NOT WORK: " + engine.reason;
    case Engine::State::kUnknown:
      break;
  }
  return kUnknown;
}

const char* describe(Weights::State state) {
  return state == Weights::State::kAsFetched ? "as fetched"
         : state == Weights::State::kOthers  ? "NOT as fetched"
                                             : "not here";
}

void add_installation(Lines& lines, const Facts& facts) {
  const Installation& installation = facts.installation;
  lines.heading("programs");
  lines.add("in", printable(installation.folder.string(), 200));
  for (const Program& program : installation.programs)
    lines.add(program.name, describe(program, installation.version));
  const std::string precision = facts.speed ? facts.speed->precision : "";
  lines.add("OpenVINO",
            describe(installation.onnx, "computes" + (precision.empty() ? "" : " in " + precision)));
  lines.add("LibTorch", describe(installation.torchscript, "loads"));
  for (const Weights& weights : installation.weights)
    lines.add("weights",
              fmt::format("{}: {}", printable(weights.file.filename().string()), describe(weights.state)));
}

void add_hosts(Lines& lines, const std::vector<Host>& hosts) {
  if (hosts.empty()) return;
  lines.heading("network");
  for (const Host& host : hosts) {
    lines.add("asked", host.failure_code.empty() ? fmt::format("{}: answers {} after {}", host.name,
                                                               host.status, milliseconds(host.seconds))
                                                 : fmt::format("{}: {}", host.name, host.failure));
  }
}

void add_speed(Lines& lines, const Facts& facts) {
  const bool has_model = facts.model && facts.model->failure.empty();
  if (!has_model && !facts.speed) return;
  const Speed& speed = has_model ? facts.model->speed : *facts.speed;
  lines.heading("speed");
  lines.add("network", fmt::format("{} at {} px{}", speed.network, speed.side,
                                   speed.precision.empty() ? "" : ", in " + speed.precision));
  if (has_model) {
    const ModelCheck& model = *facts.model;
    lines.add("model", fmt::format("{}, {} classes", printable(model.file.string(), 200), model.classes));
    lines.add("self-test", model.self_test_text);
    lines.add("opens in", milliseconds(speed.open) + ", nothing being cached");
  }
  lines.add("one picture", fmt::format("{} in the network, {} from JPEG to pixels", milliseconds(speed.alone),
                                       milliseconds(speed.decode)));
  lines.add("by eights",
            fmt::format("{} a picture, {:.0f} a second; {:.0f} with decoding", milliseconds(speed.in_batch),
                        1 / speed.in_batch, pictures_per_second(speed, cores(facts.machine))));
  if (speed.peak) lines.add("memory", format_bytes(*speed.peak) + " at most");
}

void add_uses(Lines& lines, const std::vector<Use>& uses) {
  lines.heading("good for");
  for (const Use& use : uses) {
    const char* const name = use.name == "serving" ? "serving"
                             : use.name == "batch" ? "many pictures"
                             : use.name == "head"  ? "training a head"
                                                   : "fine-tuning";
    const char* const fitness = use.fitness == Use::Fitness::kGood   ? "yes"
                                : use.fitness == Use::Fitness::kSlow ? "with patience"
                                : use.fitness == Use::Fitness::kNo   ? "no"
                                                                     : "unknown";
    lines.add(name, fmt::format("{}: {}", fitness, use.text));
  }
}

}  // namespace

std::string to_text(const Facts& facts, const std::vector<Use>& uses, const std::vector<Finding>& findings) {
  Lines lines;
  add_machine(lines, facts);
  add_installation(lines, facts);
  add_hosts(lines, facts.hosts);
  add_speed(lines, facts);
  add_uses(lines, uses);
  for (const bool blocks : {true, false}) {
    bool has_heading = false;
    for (const Finding& finding : findings) {
      if (finding.blocks != blocks) continue;
      if (!has_heading) lines.heading(blocks ? "in the way" : "advice");
      has_heading = true;
      lines.add(finding);
    }
  }
  if (findings.empty()) lines.heading("nothing stands in the way");
  return lines.take();
}

}  // namespace winnow::doctor
