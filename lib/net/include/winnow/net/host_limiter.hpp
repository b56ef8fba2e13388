#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace winnow::net {

// How hard one host may be pressed. The defaults are what a guest on someone else's server should ask for.
struct HostLimits {
  unsigned concurrent = 2;                   // requests at a time; 0 is no limit
  std::chrono::milliseconds interval{1000};  // between the starts of two requests
};

// When a host is taken for dead: it answers nothing, or 408, 425, 429 or 5xx, time and again.
struct BreakerOptions {
  unsigned failures = 10;                   // attempts in a row; 0 is never
  std::chrono::milliseconds rest{300'000};  // before it is tried again
};

// Puts requests, known by their tickets, into an order that keeps to the limits of every host. Hosts take
// turns, so one with a million requests waiting does not hold up one with a single request; a host that is at
// its limit costs the others nothing. Every operation is O(log hosts), amortised. Time is given from outside.
// Not thread-safe.
class HostLimiter {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Ticket = std::uint64_t;

  explicit HostLimiter(HostLimits limits) : limits_(limits) {}

  // The ticket waits behind the others of its host.
  void add(std::string_view host, Ticket ticket);
  // The ticket waits before the others of its host: for what has had its turn and comes again.
  void add_first(std::string_view host, Ticket ticket);

  // A ticket whose request may start now; it counts as running until finished().
  [[nodiscard]] std::optional<Ticket> take(Time now);
  void finished(std::string_view host);

  // Nothing of this host starts before `until`: it has asked for it.
  void pause(std::string_view host, Time until);

  // This host wants to be left alone for longer between two requests than the limits say.
  void set_interval(std::string_view host, std::chrono::milliseconds interval);
  // The tickets of a host that wait, which from now on do not.
  [[nodiscard]] std::vector<Ticket> take_out(std::string_view host);

  // The earliest time at which take() can give something; nothing while all that waits needs a finished().
  [[nodiscard]] std::optional<Time> next_ready() const;

 private:
  struct Host {
    std::deque<Ticket> tickets;
    unsigned running = 0;
    Time ready_at{};         // the next start
    std::uint64_t turn = 0;  // breaks ties between hosts that are ready at the same time
  };
  using Hosts = std::unordered_map<std::string, Host>;
  struct Slot {
    Time ready_at;
    std::uint64_t turn;
    Hosts::iterator host;
    bool operator<(const Slot& other) const {
      return std::pair(ready_at, turn) < std::pair(other.ready_at, other.turn);
    }
  };

  Hosts::iterator host_named(std::string_view name);
  void insert(std::string_view host, Ticket ticket, bool first);
  void unschedule(Hosts::iterator host);
  void schedule(Hosts::iterator host);
  void forget_idle(Time now);

  const HostLimits limits_;
  Hosts hosts_;
  std::set<Slot> ready_;  // hosts that have tickets and a free place
  std::unordered_map<std::string, std::chrono::milliseconds> intervals_;  // of hosts with one of their own
  std::set<Slot> idle_;  // hosts with neither tickets nor running requests, remembered until their next start
  std::uint64_t turns_ = 0;
};

}  // namespace winnow::net
