"""The same network behind other servers, each as its documents say that it is quickest, to be measured against."""
