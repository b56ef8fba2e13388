#include "winnow/doctor/findings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "winnow/core/text.hpp"

namespace winnow::doctor {
namespace {

constexpr bool kBlocks = true;
constexpr bool kAdvises = false;

class Examination {
 public:
  explicit Examination(const Facts& facts) : facts_(facts), machine_(facts.machine) {}

  std::vector<Finding> operator()() {
    look_at_processor();
    look_at_memory();
    look_at_limits();
    for (const Folder& folder : facts_.folders) look_at(folder);
    look_at_programs();
    look_at_engines();
    for (const Weights& weights : facts_.installation.weights) look_at(weights);
    for (const Host& host : facts_.hosts) look_at(host);
    if (facts_.model) look_at(*facts_.model);
    std::stable_sort(findings_.begin(), findings_.end(),
                     [](const Finding& a, const Finding& b) { return a.blocks && !b.blocks; });
    return std::move(findings_);
  }

 private:
  void add(bool blocks, const char* code, std::string what, std::string why, std::string remedy) {
    findings_.push_back({blocks, code, std::move(what), std::move(why), std::move(remedy)});
  }

  void look_at_processor() {
    const std::string path = vector_path(machine_);
    if (path == "older than SSE4.2") {
      add(kBlocks, "processor_too_old", "the processor has no SSE4.2", "OpenVINO cannot compute without it",
          "take a machine of 2010 or later; if this is a virtual one, let it see its host's processor");
    } else if (path == "SSE4.2") {
      add(kAdvises, "no_avx2", "the processor has no AVX2", "networks take several times as long without it",
          "take a machine of 2015 or later; if this is a virtual one, let it see its host's processor");
    }
    if (const auto quota = machine_.group.processors; quota && *quota < 1) {
      add(kAdvises, "part_of_a_core", fmt::format("only {:.2g} of a core may be used", *quota),
          "each answer is halted until the next period of the control group",
          "give the container a whole core or more");
    }
    if (machine_.load && facts_.speed && *machine_.load > machine_.processors) {
      add(kAdvises, "busy",
          fmt::format("other programs compute here: {:.1f} at a time in the last minute, on {}",
                      *machine_.load, format_count(machine_.processors, "processor")),
          "the figures above are lower than what this machine can do", "run it again when nothing else does");
    }
    const double usable = cores(machine_);
    if (usable > 0 && machine_.threads > std::ceil(usable)) {
      add(kAdvises, "more_threads_than_cores",
          fmt::format("{} threads on {:.3g} cores", machine_.threads, usable), "they wait for each other",
          fmt::format("give --threads {:.0f}", std::ceil(usable)));
    }
  }

  void look_at_memory() {
    const auto limit = memory_limit(machine_);
    const auto free = memory_free(machine_);
    const std::string remedy = machine_.group.memory ? "raise the memory limit of the container or unit"
                                                     : "take a machine with more";
    if (limit && *limit < kAnswerMemory) {
      add(kBlocks, "memory_too_small", format_bytes(*limit) + " of memory",
          "winnow-classify holds up to " + format_bytes(kAnswerMemory), remedy);
    } else if (limit && *limit < kServeMemory) {
      add(kAdvises, "memory_small", format_bytes(*limit) + " of memory",
          "winnow-serve can hold up to " + format_bytes(kServeMemory) + " under load",
          remedy + ", or start it with a lower --decode-memory and --max-body");
    } else if (free && *free < kAnswerMemory) {
      add(kAdvises, "memory_taken", fmt::format("only {} of memory are free", format_bytes(*free)),
          "winnow-classify holds up to " + format_bytes(kAnswerMemory), "end programs that hold the rest");
    }
    constexpr double kStalled = 5;  // percent
    constexpr std::uint64_t kSwapped = 100'000'000;
    if (machine_.memory_stall && *machine_.memory_stall > kStalled) {
      add(kAdvises, "memory_stalls",
          fmt::format("in {:.0f} % of the last minute everything waited for memory", *machine_.memory_stall),
          "what is swapped out takes a thousand times as long",
          "end programs, or give the machine more memory");
    } else if (machine_.swap && machine_.swap_used && *machine_.swap_used > kSwapped &&
               *machine_.swap_used > *machine_.swap / 2) {
      add(kAdvises, "swap_in_use",
          fmt::format("{} of {} of swap are in use", format_bytes(*machine_.swap_used),
                      format_bytes(*machine_.swap)),
          "answers are slow while the kernel brings memory back",
          "end programs, or give the machine more memory");
    }
  }

  void look_at_limits() {
    constexpr std::uint64_t kFewFiles = 64;
    constexpr std::uint64_t kServeFiles = 600;  // connections, and what it needs itself
    if (machine_.open_files && *machine_.open_files < kServeFiles) {
      add(*machine_.open_files < kFewFiles ? kBlocks : kAdvises, "few_open_files",
          fmt::format("a process may have {} open", format_count(*machine_.open_files, "file")),
          "winnow-serve needs one for each connection, 512 unless told otherwise",
          "ulimit -n 4096, or LimitNOFILE= in the unit");
    }
    if (machine_.now + std::chrono::hours(24) < machine_.installed) {
      add(kBlocks, "clock_behind",
          fmt::format("the clock says {}, before winnow was installed", format_time(machine_.now)),
          "certificates are not yet valid then: nothing can be fetched, no TLS served",
          "set the clock; timedatectl set-ntp true keeps it right");
    }
  }

  void look_at(const Folder& folder) {
    constexpr std::uint64_t kLittle = 1'000'000'000;
    constexpr std::uint64_t kNothing = 20'000'000;
    constexpr std::uint64_t kSmallMemory = 4'000'000'000;
    const bool is_needed = folder.use == Folder::Use::kTemporary;
    const std::string name = printable(folder.path.string(), 200);
    if (folder.use == Folder::Use::kCache && (folder.path.empty() || !folder.writable)) {
      add(kAdvises, "cache_not_writable",
          folder.path.empty() ? "there is no folder for caches" : name + " cannot be written",
          "networks are compiled anew at each start", "set XDG_CACHE_HOME, or give --cache DIR");
      return;
    }
    if (!folder.writable) {
      add(is_needed, is_needed ? "temporary_not_writable" : "folder_not_writable",
          name + " cannot be written",
          is_needed ? "fetched pictures, exports and uploads pass through it" : "results can not be put here",
          is_needed ? "set TMPDIR to a folder that can" : "change to a folder that is yours");
    } else if (folder.free && *folder.free < kLittle) {
      add(is_needed && *folder.free < kNothing, "disk_full",
          fmt::format("{} are free in {}", format_bytes(*folder.free), name),
          folder.use == Folder::Use::kCache ? "caches take up to 500 MB"
                                            : "pictures and runs take a gigabyte soon",
          "make room there");
    } else if (is_needed && folder.in_memory &&
               memory_limit(machine_).value_or(kSmallMemory) < kSmallMemory) {
      add(kAdvises, "temporary_in_memory", name + " lies in memory",
          "what training and uploads put there is taken from the programs",
          "set TMPDIR to a folder on a disk");
    }
  }

  void look_at_programs() {
    const Installation& installation = facts_.installation;
    for (const Program& program : installation.programs) {
      if (!program.is_there) continue;
      if (!program.failure.empty()) {
        add(kBlocks, "program_broken", program.name + " does not start", program.failure,
            "install its package again, with the libraries that it declares");
      } else if (program.version != installation.version) {
        add(kBlocks, "versions_differ",
            fmt::format("{} is {}, this is {}", program.name, program.version, installation.version),
            "they may not understand each other's files", "install both packages in the same version");
      }
    }
    if (!installation.has("winnow-classify") && !installation.has("winnow-serve")) {
      add(kBlocks, "nothing_to_answer_with",
          fmt::format("neither winnow-classify nor winnow-serve is in {}",
                      printable(installation.folder.string(), 200)),
          "nothing here can say what is on a picture", "install winnow-runtime");
    }
  }

  void look_at_engines() {
    const Engine& onnx = facts_.installation.onnx;
    if (onnx.state == Engine::State::kBroken) {
      add(kBlocks, "openvino_broken", "OpenVINO does not compute here", onnx.reason,
          "install winnow-runtime again, or raise the memory limit if that was met");
    } else if (onnx.state == Engine::State::kAbsent) {
      add(kAdvises, "openvino_absent", "this winnow is without OpenVINO", "ONNX files cannot be opened",
          "take models as .pt, or a winnow that was built with it");
    }
    const Engine& torch = facts_.installation.torchscript;
    if (torch.state == Engine::State::kBroken) {
      add(kBlocks, "libtorch_broken", "LibTorch cannot be loaded", torch.reason,
          "install winnow-training again, in the version of winnow-runtime");
    }
  }

  void look_at(const Weights& weights) {
    const std::string name = printable(weights.file.filename().string(), 100);
    const bool trains = facts_.installation.has("winnow-train");
    const char* const remedy = "install winnow-training, or run scripts/setup.sh where winnow is built";
    if (weights.state == Weights::State::kMissing) {
      add(trains, "weights_missing", name + " is missing",
          trains ? "winnow-train cannot start from it" : "winnow-curate compares only with --quick", remedy);
    } else if (weights.state == Weights::State::kOthers) {
      add(kAdvises, "weights_differ", name + " is not as it was fetched", "it is damaged, or somebody's own",
          "if it is not yours, remove it and " + std::string(remedy));
    }
  }

  void look_at(const Host& host) {
    constexpr auto kWrong = std::chrono::seconds(60);
    if (!host.failure_code.empty()) {
      const bool is_name = host.failure_code == "dns";
      const bool is_trust = host.failure_code == "tls";
      add(kBlocks,
          is_name    ? "dns"
          : is_trust ? "tls"
                     : "unreachable",
          host.name + " cannot be reached", host.failure,
          is_name ? "look into /etc/resolv.conf, and whether this machine may ask a name server"
          : is_trust
              ? "install ca-certificates, set the clock, and see whether something in between signs itself"
              : "let this machine out to port 443; winnow uses no proxy");
    } else if (host.clock_ahead && std::chrono::abs(*host.clock_ahead) > kWrong) {
      add(kAdvises, "clock_wrong",
          fmt::format("the clock is {} s {} that of {}", std::chrono::abs(*host.clock_ahead).count(),
                      *host.clock_ahead > std::chrono::seconds(0) ? "ahead of" : "behind", host.name),
          "certificates and signatures for S3 are judged by it", "timedatectl set-ntp true");
    }
  }

  void look_at(const ModelCheck& model) {
    const std::string name = printable(model.file.string(), 200);
    if (!model.failure.empty()) {
      // The failure says what to do where winnow wrote it.
      add(kBlocks, "model_not_opened", name + " cannot be opened", model.failure,
          "export it again, or copy it again if it came from elsewhere");
      return;
    }
    if (model.self_test == ModelCheck::SelfTest::kFails) {
      add(kBlocks, "self_test_fails", name + " does not answer as it did when it was exported",
          model.self_test_text, "copy the file again; winnow-export --self-check shows each picture");
    } else if (model.self_test == ModelCheck::SelfTest::kNone) {
      add(kAdvises, "no_self_test", name + " carries no pictures to test it by",
          "whether it still answers as it should is not known", "export it as .onnx with this winnow");
    }
    const auto limit = memory_limit(machine_);
    if (limit && model.speed.peak && *model.speed.peak > *limit / 10 * 8) {
      add(kAdvises, "model_large",
          fmt::format("{} took {} of {} of memory", name, format_bytes(*model.speed.peak),
                      format_bytes(*limit)),
          "there is no room left for pictures in work", "export it with --int8, or raise the limit");
    }
  }

  const Facts& facts_;
  const Machine& machine_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> examine(const Facts& facts) {
  return Examination(facts)();
}

}  // namespace winnow::doctor
