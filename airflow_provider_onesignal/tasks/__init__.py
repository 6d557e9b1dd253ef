"""What operators and transfers are made of: tasks that call OneSignal's API."""
