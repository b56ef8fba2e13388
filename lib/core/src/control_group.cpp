#include "winnow/core/control_group.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string_view>
#include <vector>

#include "winnow/core/text.hpp"

namespace winnow {
namespace {

namespace fs = std::filesystem;

// Version 1 writes "no limit" as the largest number of whole pages.
constexpr std::uint64_t kNoLimit = std::uint64_t{1} << 60;

template <class T>
void lower(std::optional<T>& least, std::optional<T> other) {
  if (other && (!least || *other < *least)) least = other;
}

// "max", "-1" and anything else that is no number from 0 on: nothing.
std::optional<std::uint64_t> parse_limit(std::string_view text) {
  text = trim(text);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number >= kNoLimit) return std::nullopt;
  return number;
}

std::optional<double> share(std::optional<std::uint64_t> quota, std::optional<std::uint64_t> period) {
  if (!quota || !period || *quota == 0 || *period == 0) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

// "inactive_file 4096" among other lines.
std::uint64_t entry(std::string_view text, std::string_view name) {
  for (const std::string_view line : split(text, '\n')) {
    if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == ' ')
      return parse_limit(line.substr(name.size())).value_or(0);
  }
  return 0;
}

struct MemoryFiles {
  const char* limit;
  const char* used;
  const char* reclaimable;  // entry of memory.stat
};

void read_memory(const fs::path& folder, const MemoryFiles& files, ControlGroup& group) {
  const auto limit = parse_limit(read_system_file(folder / files.limit));
  if (!limit) return;
  lower(group.memory, limit);
  const auto used = parse_limit(read_system_file(folder / files.used));
  if (!used) return;
  const std::uint64_t cache = entry(read_system_file(folder / "memory.stat"), files.reclaimable);
  const std::uint64_t held = *used - std::min(*used, cache);
  lower(group.memory_spare, std::optional(*limit - std::min(*limit, held)));
}

void read_version_2(const fs::path& folder, ControlGroup& group) {
  const std::string cpu = read_system_file(folder / "cpu.max");  // "200000 100000" or "max 100000"
  const std::vector<std::string_view> parts = split(trim(cpu), ' ');
  if (parts.size() == 2) lower(group.processors, share(parse_limit(parts[0]), parse_limit(parts[1])));
  read_memory(folder, {"memory.max", "memory.current", "inactive_file"}, group);
}

void read_version_1(const fs::path& folder, std::string_view controller, ControlGroup& group) {
  if (controller == "cpu") {
    lower(group.processors, share(parse_limit(read_system_file(folder / "cpu.cfs_quota_us")),
                                  parse_limit(read_system_file(folder / "cpu.cfs_period_us"))));
  } else {
    read_memory(folder, {"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"}, group);
  }
}

// Where a hierarchy is mounted: "36 35 98:0 /group /sys/fs/cgroup rw - cgroup2 cgroup2 rw,memory".
struct Mount {
  std::string root;   // the group that is seen at the point
  std::string point;  // absolute
  bool is_version_2 = false;
  std::vector<std::string> options;  // of version 1: the controllers among others
};

std::vector<Mount> parse_mounts(std::string_view mountinfo) {
  std::vector<Mount> mounts;
  for (const std::string_view line : split(mountinfo, '\n')) {
    const std::size_t separator = line.find(" - ");
    if (separator == std::string_view::npos) continue;
    const std::vector<std::string_view> fields = split(line.substr(0, separator), ' ');
    const std::vector<std::string_view> kind = split(line.substr(separator + 3), ' ');
    if (fields.size() < 5 || kind.size() < 3 || (kind[0] != "cgroup" && kind[0] != "cgroup2")) continue;
    Mount mount{std::string(fields[3]), std::string(fields[4]), kind[0] == "cgroup2", {}};
    for (const std::string_view option : split(kind[2], ',')) mount.options.emplace_back(option);
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

bool has(const std::vector<std::string_view>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// The path of our group in a hierarchy, by lines like "4:memory:/docker/1f" and, of version 2, "0::/docker".
std::string group_path(std::string_view lines, std::string_view controller) {
  for (const std::string_view line : split(lines, '\n')) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    if (controller.empty() ? controllers.empty() : has(split(controllers, ','), controller))
      return std::string(line.substr(second + 1));
  }
  return "/";
}

// The folders of our group and of those around it, as far as the mount shows them. Within a container the
// path may be one outside that is not to be seen: then the mount point itself is our group.
std::vector<fs::path> group_folders(const fs::path& root, const Mount& mount, std::string path) {
  if (mount.root != "/" && path.starts_with(mount.root)) path.erase(0, mount.root.size());
  const fs::path top = root / fs::path(mount.point).relative_path();
  std::vector<fs::path> folders = {top};
  fs::path folder = top;
  for (const fs::path& part : fs::path(path).relative_path()) {
    std::error_code error;
    if (part == ".." || !fs::is_directory(folder /= part, error)) break;
    folders.push_back(folder);
  }
  return folders;
}

}  // namespace

std::string read_system_file(const fs::path& file) {
  constexpr std::size_t kMaxBytes = 4'000'000;
  std::string text;
  std::ifstream in(file, std::ios::binary);
  char block[4096];
  while (text.size() < kMaxBytes && (in.read(block, sizeof block) || in.gcount() > 0)) {
    text.append(block, static_cast<std::size_t>(in.gcount()));
  }
  return text;
}

ControlGroup read_control_group(const fs::path& root) {
  ControlGroup group;
  const std::string own = read_system_file(root / "proc/self/cgroup");
  for (const Mount& mount : parse_mounts(read_system_file(root / "proc/self/mountinfo"))) {
    if (mount.is_version_2) {
      for (const fs::path& folder : group_folders(root, mount, group_path(own, "")))
        read_version_2(folder, group);
      continue;
    }
    for (const std::string_view controller : {"cpu", "memory"}) {
      if (std::find(mount.options.begin(), mount.options.end(), controller) == mount.options.end()) continue;
      for (const fs::path& folder : group_folders(root, mount, group_path(own, controller)))
        read_version_1(folder, controller, group);
    }
  }
  return group;
}

std::uint64_t usable_memory() {
  const auto machine = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                       static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return std::min(machine, read_control_group().memory.value_or(machine));
}

}  // namespace winnow
