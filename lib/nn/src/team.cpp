#include "winnow/nn/team.hpp"

#include <fmt/format.h>

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "winnow/core/error.hpp"

namespace winnow::nn {
namespace {

constexpr std::int64_t kBucketBytes = 25 << 20;  // PyTorch's

// What c10d throws means that somebody cannot be reached; its messages are pages of addresses.
template <typename Work>
auto translate_errors(const std::string& where, const std::string& doing, const Work& work) {
  try {
    return work();
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    const std::string message = error.what();
    throw Error(ErrorKind::kNetwork, where,
                fmt::format("{}: {}", doing, message.substr(0, message.find('\n'))));
  }
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host.starts_with("127.") || host == "::1";
}

}  // namespace

struct Team::Link {
  std::string where;
  c10::intrusive_ptr<c10d::Store> store;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group;

  Link(const TeamPlace& place, std::chrono::seconds timeout)
      : where(fmt::format("process {} of {}", place.rank + 1, place.size)) {
    c10d::TCPStoreOptions options;
    options.port = static_cast<std::uint16_t>(place.port);
    options.isServer = place.rank == 0 && !place.hosted;
    options.numWorkers = static_cast<std::size_t>(place.size);
    options.waitWorkers = false;
    options.timeout = timeout;
    store = c10::make_intrusive<c10d::PrefixStore>("winnow" + place.attempt,
                                                   c10::make_intrusive<c10d::TCPStore>(place.host, options));
    store->setTimeout(timeout);
    // createDefaultDevice binds to what the host's name resolves to, which other machines can reach; a team
    // on one machine has no business there.
    auto group_options = c10d::ProcessGroupGloo::Options::create(timeout);
    group_options->devices.push_back(is_loopback(place.host)
                                         ? c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1")
                                         : c10d::ProcessGroupGloo::createDefaultDevice());
    group = c10::make_intrusive<c10d::ProcessGroupGloo>(store, place.rank, place.size, group_options);
  }

  template <typename Start>
  void run(const Start& start) {
    translate_errors(
        where, "another process of the training has gone or does not answer; continue all with --resume",
        [&] { start()->wait(); });
  }

  void all_reduce(torch::Tensor tensor, c10d::ReduceOp::RedOpType operation) {
    c10d::AllreduceOptions options;
    options.reduceOp = operation;
    std::vector<torch::Tensor> tensors = {std::move(tensor)};
    run([&] { return group->allreduce(tensors, options); });
  }
};

Team::Team() = default;
Team::~Team() = default;
Team::Team(Team&&) noexcept = default;
Team& Team::operator=(Team&&) noexcept = default;

Team::Team(const TeamPlace& place, std::chrono::seconds timeout)
    : rank_(place.rank), size_(place.size), local_rank_(place.local_rank) {
  if (size_ == 1) return;
  translate_errors(fmt::format("{}:{}", place.host, place.port),
                   fmt::format("the {} processes of the training do not find each other", size_),
                   [&] { link_ = std::make_unique<Link>(place, timeout); });
}

void Team::sum(const std::vector<torch::Tensor>& tensors) {
  if (!link_) return;
  const torch::NoGradGuard no_grad;
  for (std::size_t begin = 0; begin < tensors.size();) {
    std::size_t end = begin;
    std::int64_t bytes = 0;
    std::vector<torch::Tensor> flat;
    for (; end < tensors.size() && (flat.empty() || bytes < kBucketBytes); ++end) {
      bytes += static_cast<std::int64_t>(tensors[end].nbytes());
      flat.push_back(tensors[end].reshape({-1}));
    }
    const torch::Tensor bucket = torch::cat(flat).to(torch::kCPU);  // Gloo works in the host's memory
    link_->all_reduce(bucket, c10d::ReduceOp::SUM);
    std::int64_t offset = 0;
    for (; begin < end; ++begin) {
      torch::Tensor target = tensors[begin];
      target.copy_(bucket.narrow(0, offset, target.numel()).view(target.sizes()));
      offset += target.numel();
    }
  }
}

void Team::broadcast(const std::vector<torch::Tensor>& tensors) {
  if (!link_) return;
  const torch::NoGradGuard no_grad;
  for (torch::Tensor target : tensors) {
    std::vector<torch::Tensor> values = {target.to(torch::kCPU).contiguous()};
    link_->run([&] { return link_->group->broadcast(values, {}); });
    target.copy_(values[0]);
  }
}

double Team::sum(double value) {
  if (!link_) return value;
  const torch::Tensor total = torch::full({1}, value, torch::kFloat64);
  link_->all_reduce(total, c10d::ReduceOp::SUM);
  return total.item<double>();
}

bool Team::any(bool value) {
  return sum(value ? 1.0 : 0.0) > 0;
}

std::string Team::share(const std::string& text) {
  if (!link_) return text;
  const torch::Tensor size = torch::full({}, static_cast<std::int64_t>(text.size()), torch::kInt64);
  broadcast({size});
  torch::Tensor bytes = torch::zeros(size.item<std::int64_t>(), torch::kUInt8);
  if (is_first()) std::copy(text.begin(), text.end(), bytes.data_ptr<std::uint8_t>());
  if (bytes.numel() > 0) broadcast({bytes});
  const auto* begin = bytes.data_ptr<std::uint8_t>();
  return {begin, begin + bytes.numel()};
}

void Team::require_equal(std::string_view what, std::string_view value) {
  if (!link_) return;
  if (!any(share(std::string(value)) != value)) return;
  throw Error(ErrorKind::kUsage, link_->where,
              fmt::format("{} differs between the processes of the training; give all the same", what));
}

}  // namespace winnow::nn
