// The frame of every page, and what goes with it: stylesheet, script, headers.
#pragma once

#include <map>
#include <string>

#include "visit.hpp"
#include "winnow/httpd/asset.hpp"
#include "winnow/httpd/html.hpp"
#include "winnow/httpd/message.hpp"

namespace winnow::portal {

using httpd::Html;

// Stylesheet, script and icon, by path.
[[nodiscard]] const std::map<std::string, httpd::Asset>& page_assets();

struct Page {
  std::string title;
  Html main;
  Html head = {};  // more of it
  int status = 200;
};

// session: of the visitor's cookie, empty without: only then does the page have no forms. signed_in: as far
// as is known.
[[nodiscard]] httpd::Response lay_out(const Page& page, const std::string& session, bool signed_in);

// The hidden field by which a form is known to be ours.
[[nodiscard]] Html form_token(const std::string& session);

// An error above a form; nothing for an empty text.
[[nodiscard]] Html error_note(const std::string& text);

// A page that says one thing. action: what to press then.
[[nodiscard]] Page notice(const std::string& title, const std::string& detail, Html action);

// Headers of everything that is only for whoever asked for it.
void keep_private(httpd::Response& response);

}  // namespace winnow::portal
