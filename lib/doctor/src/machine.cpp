#include "winnow/doctor/machine.hpp"

#include <linux/magic.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <charconv>
#include <string_view>
#include <thread>

#include "winnow/core/text.hpp"
#include "winnow/core/threads.hpp"

namespace winnow::doctor {
namespace {

namespace fs = std::filesystem;

// What stands behind a name at the beginning of a line, and behind a colon or an equals sign; of the first
// such line.
std::string_view value_of(std::string_view text, std::string_view name, char separator) {
  for (const std::string_view line : split(text, '\n')) {
    if (!line.starts_with(name)) continue;
    const std::string_view rest = trim(line.substr(name.size()));
    if (rest.starts_with(separator)) return trim(rest.substr(1));
  }
  return "";
}

// "MemTotal:  16 kB" -> 16384.
std::optional<std::uint64_t> kilobytes(std::string_view meminfo, std::string_view name) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 50;
  const std::string_view text = value_of(meminfo, name, ':');
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number > kMost) return std::nullopt;
  return number * 1024;
}

// "full avg10=0.00 avg60=1.50 avg300=...": https://docs.kernel.org/accounting/psi.html
std::optional<double> read_stall(std::string_view pressure) {
  for (const std::string_view line : split(pressure, '\n')) {
    if (!line.starts_with("full ")) continue;
    for (const std::string_view field : split(line, ' ')) {
      constexpr std::string_view kName = "avg60=";
      if (!field.starts_with(kName)) continue;
      double percent = 0;
      const std::string_view number = field.substr(kName.size());
      const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), percent);
      if (error == std::errc() && percent >= 0 && percent <= 100) return percent;
    }
  }
  return std::nullopt;
}

// "1.50 1.20 0.90 2/345 6789"
std::optional<double> read_load(std::string_view text) {
  double load = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), load);
  if (error != std::errc() || !(load >= 0 && load < 1e6)) return std::nullopt;
  return load;
}

void read_processor(const fs::path& root, Machine& machine) {
  const std::string info = read_system_file(root / "proc/cpuinfo");
  machine.processor = printable(value_of(info, "model name", ':'), 80);
  for (const std::string_view word : split(value_of(info, "flags", ':'), ' ')) {
    if (!word.empty()) machine.instructions.emplace(word);
  }
  machine.processors = std::thread::hardware_concurrency();
  machine.allowed = machine.processors;
  cpu_set_t mask;
  if (::sched_getaffinity(0, sizeof mask, &mask) == 0)
    machine.allowed = static_cast<unsigned>(CPU_COUNT(&mask));
  machine.processors = std::max(machine.processors, machine.allowed);
  machine.threads = available_threads();
  machine.load = read_load(read_system_file(root / "proc/loadavg"));
}

void read_memory(const fs::path& root, Machine& machine) {
  const std::string info = read_system_file(root / "proc/meminfo");
  machine.memory = kilobytes(info, "MemTotal");
  machine.memory_available = kilobytes(info, "MemAvailable");
  machine.swap = kilobytes(info, "SwapTotal");
  if (const auto free = kilobytes(info, "SwapFree"); free && machine.swap && *free <= *machine.swap)
    machine.swap_used = *machine.swap - *free;
  machine.memory_stall = read_stall(read_system_file(root / "proc/pressure/memory"));
}

void read_names(const fs::path& root, Machine& machine) {
  utsname name{};
  if (::uname(&name) == 0) {
    machine.kernel = printable(std::string(name.sysname) + " " + name.release, 80);
    machine.architecture = printable(name.machine, 40);
  }
  std::string release = read_system_file(root / "etc/os-release");
  std::string_view system = value_of(release, "PRETTY_NAME", '=');
  if (system.size() >= 2 && system.front() == '"' && system.back() == '"')
    system = system.substr(1, system.size() - 2);
  machine.system = printable(system, 80);
}

void read_clock(Machine& machine) {
  machine.now = std::chrono::system_clock::now();
  timex state{};  // without modes nothing is set; a sandbox may forbid even that
  const int result = ::adjtimex(&state);
  if (result >= 0) machine.clock_is_kept = result != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
  std::error_code error;
  const auto written = fs::last_write_time("/proc/self/exe", error);
  machine.installed = error ? machine.now : std::chrono::file_clock::to_sys(written);
}

}  // namespace

Machine read_machine(const fs::path& root) {
  Machine machine;
  read_names(root, machine);
  read_processor(root, machine);
  read_memory(root, machine);
  machine.group = read_control_group(root);
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    machine.open_files = limit.rlim_cur;
  read_clock(machine);
  return machine;
}

Folder read_folder(Folder::Use use, const fs::path& path) {
  Folder folder{.use = use, .path = path};
  if (path.empty()) return folder;
  std::error_code error;
  folder.exists = fs::is_directory(path, error);
  // What is not there yet would be made in the first folder above it that is.
  fs::path nearest = path;
  while (!fs::exists(nearest, error) && nearest.has_relative_path()) nearest = nearest.parent_path();
  folder.writable = fs::is_directory(nearest, error) && ::access(nearest.c_str(), W_OK | X_OK) == 0;
  struct statfs system {};
  if (::statfs(nearest.c_str(), &system) == 0) {
    folder.free = system.f_bavail * static_cast<std::uint64_t>(system.f_bsize);
    folder.in_memory = system.f_type == TMPFS_MAGIC || system.f_type == RAMFS_MAGIC;
  }
  return folder;
}

}  // namespace winnow::doctor
