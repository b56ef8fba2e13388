// Registering, signing in, and the account: its plan and its tokens.
#pragma once

#include "desk.hpp"
#include "layout.hpp"

namespace winnow::portal {

[[nodiscard]] httpd::Response show_register(Desk& desk, Visit& visit);
[[nodiscard]] httpd::Response do_register(Desk& desk, Visit& visit);
[[nodiscard]] httpd::Response show_sign_in(Desk& desk, Visit& visit);
[[nodiscard]] httpd::Response do_sign_in(Desk& desk, Visit& visit);
[[nodiscard]] httpd::Response do_sign_out(Desk& desk, Visit& visit);
[[nodiscard]] httpd::Response show_confirm(Desk& desk, Visit& visit);
[[nodiscard]] httpd::Response do_confirm(Desk& desk, Visit& visit);
[[nodiscard]] httpd::Response show_account(Desk& desk, Visit& visit);
[[nodiscard]] httpd::Response do_change_plan(Desk& desk, Visit& visit);
[[nodiscard]] httpd::Response do_create_token(Desk& desk, Visit& visit);
[[nodiscard]] httpd::Response do_revoke_token(Desk& desk, Visit& visit);
[[nodiscard]] httpd::Response show_upgrade(Desk& desk, Visit& visit);

// What a larger plan gives, and how to get it. reason: why somebody is told, or empty. user_id: empty if not
// known.
[[nodiscard]] Page upgrade_page(const PortalOptions& options, const std::string& reason,
                                const std::string& session, const std::string& user_id, bool premium);

}  // namespace winnow::portal
