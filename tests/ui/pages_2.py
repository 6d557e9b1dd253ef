"""The connection form of Airflow 2: a page of its own."""

from __future__ import annotations

from collections.abc import Mapping

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.ui.pages import STANDARD, ConnectionPage, Field

FORM = "#model_form"
TEST = "#test-connection"


class ConnectionPage2(ConnectionPage):
    prefix = "extra__onesignal__"

    def log_in(self, user: str, password: str) -> None:
        """Log in; the browser remembers it."""
        self.browser.get(f"{self.url}/login/")
        self.type_into("#username", user)
        self.type_into("#password", password + Keys.ENTER)
        self.until(lambda: "/login" not in self.browser.current_url, "the login is refused")

    def new(self, conn_id: str, type_name: str) -> None:
        self.browser.get(f"{self.url}/connection/add")
        self.type_into("#conn_id", conn_id)
        self.click("#conn_type + .select2 .select2-selection")
        self.type_into(".select2-container--open .select2-search__field", type_name + Keys.ENTER)

    def fields(self) -> dict[str, Field]:
        shown = self.visible_fields(FORM)
        return {name: field for name, field in shown.items() if name != "conn_id"}

    def fill(self, values: Mapping[str, str]) -> None:
        for name, value in values.items():
            own = "" if name in STANDARD else self.prefix
            self.type_into(f"{FORM} [name={own}{name}]", value)

    def save(self) -> None:
        self.click(f"{FORM} button[type=submit]")
        self.until(lambda: "/connection/add" not in self.browser.current_url, "it is not saved")

    def test(self) -> str:
        """Press Test; gives what is said."""
        self.click(TEST)
        return self.until(self._said, "no answer")

    def _said(self) -> str:
        alert = ".container .row .alert:is(.alert-success, .alert-error)"
        found = self.browser.find_elements(By.CSS_SELECTOR, alert)
        return found[0].text if found else ""
