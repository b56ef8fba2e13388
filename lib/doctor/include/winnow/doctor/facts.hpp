// What winnow-doctor has seen. Whatever could not be read is left empty: it is no fault of the machine.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "winnow/core/control_group.hpp"

namespace winnow::doctor {

struct Machine {
  std::string system;                  // "Debian GNU/Linux 12 (bookworm)"
  std::string kernel;                  // "Linux 6.1.0"
  std::string architecture;            // "x86_64"
  std::string processor;               // "AMD EPYC"
  std::set<std::string> instructions;  // as Linux calls them: "avx2"
  unsigned processors = 0;             // of the machine
  unsigned allowed = 0;                // of these by the affinity mask
  unsigned threads = 0;                // what winnow uses unless told otherwise
  ControlGroup group;
  std::optional<std::uint64_t> memory;            // bytes, of the machine
  std::optional<std::uint64_t> memory_available;  // of these now
  std::optional<std::uint64_t> swap;
  std::optional<std::uint64_t> swap_used;
  std::optional<double> memory_stall;       // percent of the last minute in which all waited for memory
  std::optional<double> load;               // how many have computed or waited to, over the last minute
  std::optional<std::uint64_t> open_files;  // that a process may have
  std::chrono::system_clock::time_point now;
  std::chrono::system_clock::time_point installed;  // when the program's file was written
  std::optional<bool> clock_is_kept;                // by a time service
};

// Processors whose time may be used, in parts too; at least a hundredth. 0: unknown.
[[nodiscard]] double cores(const Machine& machine);
// Bytes of memory that may be used, and that are still to be had.
[[nodiscard]] std::optional<std::uint64_t> memory_limit(const Machine& machine);
[[nodiscard]] std::optional<std::uint64_t> memory_free(const Machine& machine);
// The widest instructions that winnow's code has paths for: "AMX", "AVX-512 with bf16", "AVX-512", "AVX2",
// "SSE4.2", "older than SSE4.2"; empty if that cannot be told.
[[nodiscard]] std::string vector_path(const Machine& machine);

struct Folder {
  enum class Use { kCache, kTemporary, kWorking };
  Use use = Use::kWorking;
  std::filesystem::path path;  // empty: there is none
  bool exists = false;         // else it can be made in what lies above, or not
  bool writable = false;
  bool in_memory = false;  // on a tmpfs
  std::optional<std::uint64_t> free;
};

struct Program {
  std::string name;  // "winnow-train"
  bool is_there = false;
  std::string version;  // "0.1.0"
  std::string failure;  // why it does not start
};

struct Engine {
  enum class State { kUnknown, kWorks, kAbsent, kBroken };
  State state = State::kUnknown;
  std::string reason;  // of kAbsent and kBroken
};

struct Weights {
  enum class State { kMissing, kAsFetched, kOthers };
  std::filesystem::path file;
  State state = State::kMissing;
};

struct Installation {
  std::filesystem::path folder;  // of the programs
  std::string version;           // our own
  std::vector<Program> programs;
  Engine onnx;
  Engine torchscript;
  std::vector<Weights> weights;

  [[nodiscard]] bool has(std::string_view program) const;
};

// How fast a network runs, on all threads. Times are seconds for one picture.
struct Speed {
  std::string network;
  int side = 0;                       // of its pictures, in pixels
  std::string precision;              // "bf16"; empty: unknown
  double open = 0;                    // from the file to the first answer, nothing being cached
  double alone = 0;                   // a picture by itself
  double in_batch = 0;                // one among eight
  double decode = 0;                  // a JPEG of 640 x 480 to pixels, on one thread
  std::optional<double> float32;      // in_batch, in full precision
  std::optional<std::uint64_t> peak;  // bytes that the process held at most
};

// What winnow-classify and winnow-serve can answer in a second, decoding included, on so many cores.
[[nodiscard]] double pictures_per_second(const Speed& speed, double cores);

struct ModelCheck {
  enum class SelfTest { kHolds, kFails, kNone };
  std::filesystem::path file;
  std::string failure;  // why it cannot be opened; then nothing below is filled
  std::size_t classes = 0;
  SelfTest self_test = SelfTest::kNone;
  std::string self_test_text;
  Speed speed;
};

struct Host {
  std::string name;
  std::string failure_code;  // as of net::HttpClient; empty: it answered
  std::string failure;
  int status = 0;
  double seconds = 0;
  std::optional<std::chrono::seconds> clock_ahead;  // of ours, before its own
};

struct Facts {
  Machine machine;
  std::vector<Folder> folders;
  Installation installation;
  std::optional<Speed> speed;  // of the network that heads are trained on
  std::optional<ModelCheck> model;
  std::vector<Host> hosts;
};

}  // namespace winnow::doctor
