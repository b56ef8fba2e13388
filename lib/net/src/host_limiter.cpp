#include "winnow/net/host_limiter.hpp"

#include <algorithm>

namespace winnow::net {

HostLimiter::Hosts::iterator HostLimiter::host_named(std::string_view name) {
  const auto [host, is_new] = hosts_.try_emplace(std::string(name));
  if (is_new) host->second.turn = ++turns_;
  return host;
}

// Every host stands in at most one of the two sets, under the time and turn it holds at that moment.
void HostLimiter::unschedule(Hosts::iterator host) {
  const Slot slot{host->second.ready_at, host->second.turn, host};
  if (ready_.erase(slot) == 0) idle_.erase(slot);
}

void HostLimiter::schedule(Hosts::iterator host) {
  const Host& state = host->second;
  const Slot slot{state.ready_at, state.turn, host};
  if (state.tickets.empty()) {
    if (state.running == 0) idle_.insert(slot);
  } else if (limits_.concurrent == 0 || state.running < limits_.concurrent) {
    ready_.insert(slot);
  }
}

void HostLimiter::insert(std::string_view host_name, Ticket ticket, bool first) {
  const auto host = host_named(host_name);
  unschedule(host);
  if (first) {
    host->second.tickets.push_front(ticket);
  } else {
    host->second.tickets.push_back(ticket);
  }
  schedule(host);
}

void HostLimiter::add(std::string_view host, Ticket ticket) {
  insert(host, ticket, false);
}

void HostLimiter::add_first(std::string_view host, Ticket ticket) {
  insert(host, ticket, true);
}

std::optional<HostLimiter::Ticket> HostLimiter::take(Time now) {
  forget_idle(now);
  if (ready_.empty() || ready_.begin()->ready_at > now) return std::nullopt;
  const auto host = ready_.begin()->host;
  unschedule(host);
  Host& state = host->second;
  const Ticket ticket = state.tickets.front();
  state.tickets.pop_front();
  ++state.running;
  const auto own = intervals_.find(host->first);
  state.ready_at =
      now + (own == intervals_.end() ? limits_.interval : std::max(limits_.interval, own->second));
  state.turn = ++turns_;
  schedule(host);
  return ticket;
}

void HostLimiter::finished(std::string_view host_name) {
  const auto host = host_named(host_name);
  unschedule(host);
  --host->second.running;
  schedule(host);
}

void HostLimiter::pause(std::string_view host_name, Time until) {
  const auto host = host_named(host_name);
  unschedule(host);
  host->second.ready_at = std::max(host->second.ready_at, until);
  schedule(host);
}

void HostLimiter::set_interval(std::string_view host_name, std::chrono::milliseconds interval) {
  intervals_.insert_or_assign(std::string(host_name), interval);
}

std::vector<HostLimiter::Ticket> HostLimiter::take_out(std::string_view host_name) {
  const auto host = host_named(host_name);
  unschedule(host);
  std::vector<Ticket> tickets(host->second.tickets.begin(), host->second.tickets.end());
  host->second.tickets.clear();
  schedule(host);
  return tickets;
}

void HostLimiter::forget_idle(Time now) {
  while (!idle_.empty() && idle_.begin()->ready_at <= now) {
    hosts_.erase(idle_.begin()->host);
    idle_.erase(idle_.begin());
  }
}

std::optional<HostLimiter::Time> HostLimiter::next_ready() const {
  if (ready_.empty()) return std::nullopt;
  return ready_.begin()->ready_at;
}

}  // namespace winnow::net
